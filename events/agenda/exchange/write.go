package exchange

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Writers are the formats that Write knows, in the order in which to offer them.
var Writers = []Format{FrabXML, PretalxJSON, Schedule2, ICalendar, CSV, SessionizeJSON}

// Extension ends the name of a file of the format, with its point.
func (f Format) Extension() string {
	return map[Format]string{FrabXML: ".xml", PretalxJSON: ".json", Schedule2: ".schedule2.json", ICalendar: ".ics", CSV: ".csv", SessionizeJSON: ".sessionize.json"}[f]
}

// ContentType is what the format is sent as.
func (f Format) ContentType() string {
	switch f {
	case FrabXML:
		return "application/xml; charset=utf-8"
	case ICalendar:
		return "text/calendar; charset=utf-8"
	case CSV:
		return "text/csv; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// Write writes the schedule in a format; a calendar is stamped with the time. Errors: ErrNoDays, ErrUnknownFormat and those of w.
func Write(w io.Writer, format Format, s *Schedule, stamp time.Time) error {
	switch format {
	case FrabXML:
		return WriteXML(w, s)
	case PretalxJSON:
		return WriteJSON(w, s)
	case Schedule2:
		return WriteSchedule2(w, s)
	case ICalendar:
		return WriteICS(w, s, stamp)
	case CSV:
		return WriteCSV(w, s)
	case SessionizeJSON:
		return WriteSessionize(w, s)
	}
	return ErrUnknownFormat.With("There is no format %s. Choose one of %s.", strconv.Quote(string(format)), fmt.Sprint(Writers))
}

// Echo gives sessions as they come back from a file of the format that we write of them, by their GUIDs: what the format cannot say, or says in words of its own, is not what
// somebody changed.
func Echo(format Format, s *Schedule) map[string]Session {
	var file bytes.Buffer
	echo := map[string]Session{}
	if Write(&file, format, s, time.Unix(0, 0)) != nil {
		return echo
	}
	back, _, err := Read(file.Bytes(), Options{Zone: s.Location()})
	if err != nil {
		return echo // nothing is placed
	}
	for _, x := range back.Sessions {
		echo[x.Key] = x
	}
	return echo
}
