// Package ocds reads open contracting data, https://standard.open-contracting.org/1.1/: releases, and packages and
// records of them, as JSON or one a line.
//
// A release says what was known of a process of procurement on one day. The releases of a process are taken in the order
// of their dates: the first that has an award or a contract gives the facts, each later one what is new about them.
// docs/importing-ocds.md says what becomes of what.
package ocds
