package tables

import (
	"fmt"
	"strconv"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// timeForm writes times in UTC to the nanosecond, so that they sort as text.
const timeForm = "2006-01-02T15:04:05.000000000Z"

// AppendText appends a value as text, and nothing for nil: numbers in decimal, days as 2019-04-01, times in UTC as
// 2026-04-01T12:00:00.000000000Z, and true or false.
func AppendText(dst []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return dst
	case string:
		return append(dst, value...)
	case int64:
		return strconv.AppendInt(dst, value, 10)
	case bool:
		return strconv.AppendBool(dst, value)
	case domain.Date:
		return append(dst, value.String()...)
	case time.Time:
		return value.UTC().AppendFormat(dst, timeForm)
	}
	panic(fmt.Sprintf("tables: a value of type %T", value))
}
