package main

import (
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/ons"
)

var onsFormat = format{name: ons.Name, files: "FILE…", short: "The code history of the Office for National Statistics, by entity type",
	long: `Import the code history of the Office for National Statistics, one file of JSON per entity type, with the versions of
each area. Areas have their codes as ids, and as identifiers of the scheme gss. The list of entity types may be
given too. Parents that no file holds are established by their codes.`,
	examples: []string{`orgledger import ons-code-history E16.json E18.json E38.json E54.json`},
	evidence: formats.Evidence{Title: "Code History Database", Publisher: "Office for National Statistics", Licence: openGovernment},
	prepare:  only(ons.Importer{})}
