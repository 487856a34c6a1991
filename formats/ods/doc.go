// Package ods reads what the NHS Organisation Data Service publishes: successor files (old code, new code, day), registers
// of bodies (27 columns without a header), and answers of its organisation API.
//
// The files are evidence about bodies, which stand in one picture together: a successor file alone does not say whether a
// body lived on after it handed something over, and a register alone does not say who came after it. So everything is
// read first, with what earlier imports recorded; then it is decided what each body did on each day (see decide), and
// what the ledger does not say yet is recorded. What it says otherwise is corrected, or retracted and said anew.
package ods
