// Package sample is the built-in history: workforce education in the English NHS from 2006 on, first
// as five documents tell it, then as legislation and other publications correct it. Its facts are
// recorded like any others.
package sample

import (
	"bytes"
	_ "embed"
	"io"
)

//go:embed history.jsonl
var history []byte

// Entries reads the history, one entry a line.
func Entries() io.Reader { return bytes.NewReader(history) }
