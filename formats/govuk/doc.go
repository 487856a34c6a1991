// Package govuk reads snapshots of the GOV.UK organisations API, https://www.gov.uk/api/organisations: everything that
// GOV.UK publishes for, as it was on one day.
//
// A snapshot says what is, not what changed. The first gives facts; each later one is compared with what those before
// it said, as the ledger has it, and only the difference is recorded. docs/importing-govuk.md says what becomes of what.
package govuk
