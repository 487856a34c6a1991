package domain

// AppointmentMade puts a person into an office of an organisation, in place of whoever held it.
type AppointmentMade struct {
	Office       OfficeID
	Title        string
	Organisation OrganisationID
	Person       Person
	Acting       bool
}

// AppointmentEnded empties an office of the person who holds it.
type AppointmentEnded struct {
	Office OfficeID
	Person Person
}

func (*AppointmentMade) Type() Type  { return TypeAppointmentMade }
func (*AppointmentEnded) Type() Type { return TypeAppointmentEnded }

func (f *AppointmentMade) fields(v visitor) {
	id(v, "office", &f.Office, required)
	v.text("title", &f.Title, LimitTitle, required)
	id(v, "organisation", &f.Organisation, required)
	v.person("person", &f.Person)
	v.flag("acting", &f.Acting)
}

func (f *AppointmentEnded) fields(v visitor) {
	id(v, "office", &f.Office, required)
	v.person("person", &f.Person)
}
