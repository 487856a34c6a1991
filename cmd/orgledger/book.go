package main

import (
	"errors"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/ledger"
)

// codeOf is the code of an error, whichever side of the network it comes from.
func codeOf(err error) string {
	if remote, ok := errors.AsType[*api.RemoteError](err); ok {
		return remote.Code
	}
	return ledger.Describe(err).Code
}
