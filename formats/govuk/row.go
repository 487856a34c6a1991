package govuk

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/jsonrow"
)

// row is what a snapshot says of one organisation, as far as it is read.
type row struct {
	place     formats.Place
	content   string // its identity, whatever it is called
	slug      string
	title     string
	mended    bool // the title was read with the wrong encoding
	format    string
	register  string      // its code in the register of government organisations
	closed    bool        // whether it is, on the day of the snapshot
	closedOn  domain.Date // zero: on a day that is not told
	manner    string      // how it was closed, as GOV.UK says; may be empty
	parents   []string    // slugs, in the order of the file, none twice
	succeeded []string    // slugs of its successors, sorted, none twice
}

// raw is a row as the file has it.
type raw struct {
	Title    string `json:"title"`
	Format   string `json:"format"`
	Register string `json:"analytics_identifier"`
	Details  struct {
		Content  string  `json:"content_id"`
		Slug     string  `json:"slug"`
		Status   string  `json:"govuk_status"`
		ClosedAt *string `json:"closed_at"`
		Manner   *string `json:"govuk_closed_status"`
	} `json:"details"`
	Parents    []link `json:"parent_organisations"`
	Successors []link `json:"superseding_organisations"`
}

// link names another organisation by its address, which ends in its slug.
type link struct {
	ID string `json:"id"`
}

// statuses are all that GOV.UK gives. Only the first ends an organisation: one that is devolved or exempt lives on
// elsewhere, one that is joining or transitioning will have pages of its own.
var statuses = []string{"closed", "live", "exempt", "devolved", "joining", "transitioning"}

var contentForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// readRow reads one organisation. The error is a *formats.PlaceError.
func readRow(at formats.Place, value jsontext.Value) (*row, error) {
	var r raw
	if err := jsonrow.Decode(at, value, &r); err != nil {
		return nil, err
	}
	title, mended := bodies.Mended(r.Title)
	o := &row{place: at, content: r.Details.Content, slug: r.Details.Slug, title: bodies.Clean(title), mended: mended,
		format: bodies.Clean(r.Format), register: r.Register, closed: r.Details.Status == statuses[0]}
	if err := o.check(&r); err != nil {
		return nil, err
	}
	if r.Details.Manner != nil {
		o.manner = *r.Details.Manner
	}
	if o.closed && r.Details.ClosedAt != nil {
		day, err := localDay(*r.Details.ClosedAt)
		if err != nil {
			return nil, refuse(at, "details.closed_at", "this begins with a day YYYY-MM-DD", *r.Details.ClosedAt)
		}
		o.closedOn = day
	}
	o.parents = slugs(r.Parents, o.slug)
	o.succeeded = slugs(r.Successors, o.slug)
	slices.Sort(o.succeeded)
	return o, nil
}

func (o *row) check(r *raw) error {
	switch {
	case !contentForm.MatchString(o.content):
		return refuse(o.place, "details.content_id", "an organisation has a content_id, which is a UUID", o.content)
	case o.slug == "":
		return refuse(o.place, "details.slug", "an organisation has a slug", "nothing")
	case o.title == "":
		return refuse(o.place, "title", "an organisation has a title", r.Title)
	case !slices.Contains(statuses, r.Details.Status):
		return refuse(o.place, "details.govuk_status", "this is one of "+strings.Join(statuses, ", "), r.Details.Status)
	}
	return nil
}

func refuse(at formats.Place, member, rule, value string) error {
	at.Of = member
	return &formats.PlaceError{Place: at, Rule: rule, Value: value}
}

// localDay is the day of a time with an offset, as it was where it was written: 2021-10-01T00:00:00.000+01:00 is the
// first of October, though in UTC it is still September.
func localDay(text string) (domain.Date, error) {
	day, _, _ := strings.Cut(text, "T")
	return domain.ParseDate(day)
}

// slugs are those of the organisations linked, without own.
func slugs(links []link, own string) []string {
	var all []string
	for _, l := range links {
		if slug := path.Base(l.ID); l.ID != "" && slug != own && !slices.Contains(all, slug) {
			all = append(all, slug)
		}
	}
	return all
}

var dayInName = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// snapshotDay is the day of a snapshot: in the file's name, or else when it was published.
func snapshotDay(file formats.File) (domain.Date, error) {
	if found := dayInName.FindString(path.Base(file.Name)); found != "" {
		if day, err := domain.ParseDate(found); err == nil {
			return day, nil
		}
	}
	if p := file.Source.Published; !p.IsZero() && p.Earliest() == p.Latest() {
		return p.Latest(), nil
	}
	return 0, &formats.PlaceError{Place: formats.Place{File: file.Name},
		Rule: "the day of a snapshot stands in the file's name, as in 2021-08-11.json.gz", Value: path.Base(file.Name)}
}
