package events

import (
	"time"

	"turnout"
)

// ErrZone is the answer to a time zone that is none of the IANA database.
var ErrZone = &turnout.Error{Kind: turnout.Invalid, Code: "timezone", Message: "This is no time zone. Use an IANA name such as Europe/Warsaw."}

// LoadZone loads an IANA time zone by its name. "Local" and the empty name, which mean this machine's own zone to Go, are
// ErrZone like every unknown name. The zone data itself is built into the program.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, ErrZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, ErrZone.Because(err)
	}
	return zone, nil
}
