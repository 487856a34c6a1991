// Package sqlite writes the tables of a ledger as a SQLite database, with indices, and with views of what was so on a day
// as known at an entry.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/orgledger/orgledger/formats/tables"
)

// format is the version of the tables and views, PRAGMA user_version. A change that could break a query raises it.
const format = 1

// applicationID is in the file's header, PRAGMA application_id: "orgl".
const applicationID = 0x6f72676c

// Database writes one file. Days and times are TEXT that sorts, as 2019-04-01 and 2026-04-01T12:00:00.000000000Z;
// booleans are 0 and 1. It belongs to one goroutine.
type Database struct {
	db     *sql.DB
	tx     *sql.Tx
	insert map[*tables.Table]*sql.Stmt
	row    []any
}

// Create makes a database in a file that is not there. Until Close has returned, the file is not whole: nothing is
// synced, and there is no journal. Close, or Discard, lets go of it.
func Create(ctx context.Context, path string) (*Database, error) {
	db, err := sql.Open("sqlite", "file:"+escape(path)+"?_pragma=journal_mode(off)&_pragma=synchronous(off)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	d := &Database{db: db, insert: make(map[*tables.Table]*sql.Stmt)}
	if err := d.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", path, err), d.Discard())
	}
	return d, nil
}

// escape writes a path as the path of a file: URI.
func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

func (d *Database) begin(ctx context.Context) error {
	for _, pragma := range []string{fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", format)} {
		if _, err := d.db.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	var err error
	if d.tx, err = d.db.BeginTx(ctx, nil); err != nil {
		return err
	}
	for _, t := range tables.All() {
		if _, err := d.tx.ExecContext(ctx, tableSQL(t)); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		marks := strings.TrimSuffix(strings.Repeat("?,", len(t.Columns)), ",")
		if d.insert[t], err = d.tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%s)", t.Name, marks)); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return nil
}

// Row inserts one row.
func (d *Database) Row(t *tables.Table, values []any) error {
	d.row = d.row[:0]
	for _, value := range values {
		switch value := value.(type) {
		case nil, string, int64, bool:
			d.row = append(d.row, value)
		default:
			d.row = append(d.row, string(tables.AppendText(nil, value)))
		}
	}
	if _, err := d.insert[t].Exec(d.row...); err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	return nil
}

// Close adds indices and views, and finishes the file.
func (d *Database) Close(ctx context.Context) error {
	err := d.finish(ctx)
	if err != nil {
		return errors.Join(err, d.Discard())
	}
	return d.db.Close()
}

func (d *Database) finish(ctx context.Context) error {
	for _, t := range tables.All() {
		if err := d.insert[t].Close(); err != nil {
			return err
		}
		for _, columns := range t.Index {
			statement := fmt.Sprintf("CREATE INDEX %s_by_%s ON %s (%s)", t.Name, strings.Join(columns, "_"), t.Name, strings.Join(columns, ", "))
			if _, err := d.tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("index %s: %w", t.Name, err)
			}
		}
	}
	if _, err := d.tx.ExecContext(ctx, viewsSQL); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	if err := d.tx.Commit(); err != nil {
		return err
	}
	d.tx = nil
	_, err := d.db.ExecContext(ctx, "ANALYZE")
	return err
}

// Discard lets go of the file as it is.
func (d *Database) Discard() error {
	var err error
	if d.tx != nil {
		if err = d.tx.Rollback(); errors.Is(err, sql.ErrTxDone) { // the context has ended
			err = nil
		}
	}
	return errors.Join(err, d.db.Close())
}

// tableSQL defines a table. What each column says stands beside it: .schema shows it.
func tableSQL(t *tables.Table) string {
	var s strings.Builder
	fmt.Fprintf(&s, "CREATE TABLE %s ( -- %s\n", t.Name, t.Text)
	for i, c := range t.Columns {
		typ := "TEXT"
		if c.Type == tables.Integer || c.Type == tables.Boolean {
			typ = "INTEGER"
		}
		null := ""
		if !c.Optional {
			null = " NOT NULL"
		}
		comma := ","
		if i == len(t.Columns)-1 && len(t.Key) == 0 {
			comma = ""
		}
		fmt.Fprintf(&s, "  %s %s%s%s -- %s\n", c.Name, typ, null, comma, c.Text)
	}
	if len(t.Key) > 0 {
		fmt.Fprintf(&s, "  PRIMARY KEY (%s)\n", strings.Join(t.Key, ", "))
	}
	s.WriteString(")")
	return s.String()
}
