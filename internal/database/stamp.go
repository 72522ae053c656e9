package database

import (
	"fmt"
	"strings"
	"time"
)

// Stamp reads a moment in UTC, NULL as the zero time, for statements that read many rows by hand: there it is selected by [AsText],
// for SQLite's driver takes longer to make a time of a column than to read the rest of its row.
type Stamp struct{ To *time.Time }

// AsText is, in SQL, a moment as Stamp reads it fastest.
func AsText(column string) string { return "CAST(" + column + " AS TEXT)" }

const stampDigits = len(time.DateTime)

// Scan implements [database/sql.Scanner].
func (s Stamp) Scan(value any) (err error) {
	switch v := value.(type) {
	case nil:
		*s.To = time.Time{}
	case time.Time:
		*s.To = v.UTC()
	case string:
		digits, zone := v, ""
		if i := strings.LastIndexAny(v, "+-"); i >= stampDigits {
			digits, zone = v[:i], v[i:]
		}
		switch zone {
		case "+00:00", "+00": // as it is written on SQLite, as PostgreSQL says it
			*s.To, err = time.Parse(time.DateTime, digits)
		default:
			err = fmt.Errorf("database: %q is no moment in UTC", v)
		}
	default:
		err = fmt.Errorf("database: %T is no moment", v)
	}
	return err
}
