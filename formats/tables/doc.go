// Package tables makes tables of a ledger: who held what, what organisations were and were called, how they followed one
// another, what was planned, and the entries and evidence behind it. Rows of what is so in the world carry two
// periods, the days for which they are so and the sequences at which the ledger knew it; a row belongs to the
// answer about a day and a known point exactly if both lie within its periods. Packages beside this one write the
// tables in the forms that other programs read.
package tables
