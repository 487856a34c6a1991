package domain

import (
	"regexp"
	"strings"
	"testing"
)

func TestParseRef(t *testing.T) {
	long := strings.Repeat("x", 128)
	for text, want := range map[string]Ref{
		"organisation/hee":                  OrganisationID("hee").Ref(),
		"responsibility/workforce-planning": ResponsibilityID("workforce-planning").Ref(),
		"contract/c1":                       ContractID("c1").Ref(),
		"plan/p1":                           PlanID("p1").Ref(),
		"source/S_1":                        SourceID("S_1").Ref(),
		"office/0":                          OfficeID("0").Ref(),
		"organisation/" + long:              {KindOrganisation, long},
	} {
		got, err := ParseRef(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseRef(%q) = %v, %v", text, got, err)
		}
		if holding := got.IsHolding(); holding != regexp.MustCompile("^"+holdingPattern+"$").MatchString(text) {
			t.Errorf("%s: a holding %v, the schema's pattern says otherwise", text, holding)
		}
	}
	for text, says := range map[string]string{
		"":                           "kind/id",
		"hee":                        "kind/id",
		"/hee":                       "kind/id",
		"nobody/x":                   "organisation, responsibility, contract, plan, source, office, key, person",
		"Organisation/x":             "organisation, responsibility",
		"organisation/":              "1 to 128 letters",
		"organisation/-a":            "begins with a letter or digit",
		"organisation/_a":            "begins with a letter or digit",
		"organisation/a/b":           "letters a-z",
		"organisation/é":             "letters a-z",
		"organisation/a b":           "letters a-z",
		"organisation/" + long + "x": "1 to 128",
		"organisation/a\x00":         "letters a-z",
	} {
		got, err := ParseRef(text)
		if err == nil || got != (Ref{}) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), quote(text)) {
			t.Errorf("ParseRef(%q) = %v, %v; should name it and say %q", text, got, err, says)
		}
	}
	if (Ref{}).String() != "" {
		t.Error("the zero Ref is not written as nothing")
	}
}

// Law: ValidID is IDPattern.
func TestValidIDIsThePattern(t *testing.T) {
	pattern := regexp.MustCompile("^" + IDPattern + "$")
	for c := range 256 {
		for _, text := range []string{string([]byte{byte(c)}), "a" + string([]byte{byte(c)}), string(rune(c)) + "a"} {
			if ValidID(text) != pattern.MatchString(text) {
				t.Errorf("ValidID(%q) = %v", text, ValidID(text))
			}
		}
	}
	for _, n := range []int{0, 1, 127, 128, 129} {
		if text := strings.Repeat("a", n); ValidID(text) != pattern.MatchString(text) {
			t.Errorf("%d letters: %v", n, ValidID(text))
		}
	}
}
