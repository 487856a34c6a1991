package plainfold

import "github.com/orgledger/orgledger/domain"

// An office belongs to the organisation of its latest appointment in effect and has one holder, or
// none: the zero appointment.
type office struct {
	appointment *domain.AppointmentMade
	since       domain.Date
}

// appoint replaces the holder before. Appointments raise no findings.
func (s *state) appoint(f *fact, content *domain.AppointmentMade) {
	s.offices[content.Office] = &office{content, f.day()}
}

// endAppointment empties the office if the person is the one who holds it.
func (s *state) endAppointment(content *domain.AppointmentEnded) {
	if o := s.offices[content.Office]; o != nil && o.appointment.Person.Same(&content.Person) {
		delete(s.offices, content.Office)
	}
}

// emptyOffices is what any ending of an organisation does to its offices.
func (s *state) emptyOffices(id domain.OrganisationID) {
	for name, o := range s.offices {
		if o.appointment.Organisation == id {
			delete(s.offices, name)
		}
	}
}
