package ods

import (
	"strings"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// The columns of a register that say something dated, of its 27.
const (
	registerColumns = 27
	columnCode      = 0
	columnName      = 1
	columnOpened    = 10
	columnClosed    = 11
)

// readRegister reads a register: a row a body, without a header. The day on which a body closed is its last.
func (p *picture) readRegister(f *formats.File) error {
	return f.EachRow(',', registerColumns, func(row int, fields []string) error {
		if err := checkCode(f, row, "column 1, the code", fields[columnCode]); err != nil {
			return err
		}
		name := strings.TrimSpace(fields[columnName])
		if name == "" {
			return f.Wrong(row, "column 2, the name", "a body in a register has a name", "")
		}
		opened, err := registerDay(f, row, "column 11, opened", fields[columnOpened])
		if err != nil {
			return err
		}
		closed, err := registerDay(f, row, "column 12, closed", fields[columnClosed])
		if err != nil {
			return err
		}
		if closed != 0 && closed < opened {
			return f.Wrong(row, "column 12, closed", "a body does not close before it opens", fields[columnClosed])
		}
		p.sink.Row()
		p.sink.Used(1)
		p.registered(cite{file: f, row: row}, fields[columnCode], name, opened, closed)
		return nil
	})
}

func (p *picture) registered(at cite, code, name string, opened, closed domain.Date) {
	b := p.named(code, at)
	b.names = append(b.names, naming{name, publishedBy(&at.file.Source), at})
	if opened != 0 {
		b.opens(opened, at)
	}
	switch published := at.file.Source.Published; {
	case closed != 0:
		b.closes(closed, at)
	case !published.IsZero():
		b.register = max(b.register, published.Earliest())
	}
}

// registerDay reads YYYYMMDD; nothing is no day.
func registerDay(f *formats.File, row int, of, text string) (domain.Date, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse("20060102", text)
	if err != nil {
		return 0, f.Wrong(row, of, "a day in a register is written YYYYMMDD", text)
	}
	return domain.ParseDate(t.Format(time.DateOnly))
}
