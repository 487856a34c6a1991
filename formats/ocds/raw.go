package ocds

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The parts of a release that are read, with the names of the standard.
type (
	rawRelease struct {
		OCID      text          `json:"ocid"`
		ID        text          `json:"id"`
		Date      string        `json:"date"`
		Tag       []string      `json:"tag"`
		URL       string        `json:"url"` // of a link instead of a release
		Title     string        `json:"title"`
		Buyer     *rawReference `json:"buyer"`
		Parties   []rawParty    `json:"parties"`
		Tender    rawTender     `json:"tender"`
		Awards    []rawAward    `json:"awards"`
		Contracts []rawContract `json:"contracts"`

		// Of a record, which stands for all releases of a process.
		Releases []jsontext.Value `json:"releases"`
		Compiled jsontext.Value   `json:"compiledRelease"`
	}
	rawReference struct {
		ID   text   `json:"id"`
		Name string `json:"name"`
	}
	rawParty struct {
		ID         text            `json:"id"`
		Name       string          `json:"name"`
		Identifier rawIdentifier   `json:"identifier"`
		More       []rawIdentifier `json:"additionalIdentifiers"`
		Roles      []string        `json:"roles"`
	}
	rawIdentifier struct {
		Scheme    string `json:"scheme"`
		ID        text   `json:"id"`
		LegalName string `json:"legalName"`
	}
	rawTender struct {
		Title           string        `json:"title"`
		ProcuringEntity *rawReference `json:"procuringEntity"`
	}
	rawAward struct {
		ID         text           `json:"id"`
		Title      string         `json:"title"`
		Status     string         `json:"status"`
		Date       string         `json:"date"`
		Value      rawValue       `json:"value"`
		Period     rawPeriod      `json:"contractPeriod"`
		Suppliers  []rawReference `json:"suppliers"`
		Amendments []rawAmendment `json:"amendments"`
		Amendment  rawAmendment   `json:"amendment"` // of OCDS 1.0
	}
	rawContract struct {
		ID         text           `json:"id"`
		Award      text           `json:"awardID"`
		Title      string         `json:"title"`
		Status     string         `json:"status"`
		Signed     string         `json:"dateSigned"`
		Value      rawValue       `json:"value"`
		Period     rawPeriod      `json:"period"`
		Amendments []rawAmendment `json:"amendments"`
		Amendment  rawAmendment   `json:"amendment"`
	}
	rawPeriod struct {
		Start string `json:"startDate"`
		End   string `json:"endDate"`
	}
	rawValue struct {
		Amount   text   `json:"amount"`
		Currency string `json:"currency"`
	}
	rawAmendment struct {
		Date string `json:"date"`
	}
)

// text is a string, or a number as it is written: the standard lets identifiers be either, and an amount keeps its
// digits.
type text string

// UnmarshalJSONFrom reads a string, a number or null, which is nothing.
func (t *text) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	switch in.PeekKind() {
	case '0':
		value, err := in.ReadValue()
		*t = text(value)
		return err
	case 'n':
		*t = ""
		return in.SkipValue()
	}
	var s string
	if err := json.UnmarshalDecode(in, &s); err != nil {
		return err
	}
	*t = text(strings.TrimSpace(s))
	return nil
}
