package community_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"turnout/community"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

const titles = "email,type,source,occurred_at,external_id\n"

func TestImportReadsWhatSpreadsheetsWrite(t *testing.T) {
	utf16le := func(text string) string {
		b := []byte{0xff, 0xfe}
		for _, unit := range utf16.Encode([]rune(text)) {
			b = append(b, byte(unit), byte(unit>>8))
		}
		return string(b)
	}
	row := "ann@example.org,message,slack,2026-05-01T10:00:00Z,m1\n"
	semicolons := strings.ReplaceAll(titles+row, ",", ";")
	for _, tt := range []struct {
		name, file          string
		separator, encoding string
	}{
		{"commas", titles + row, ",", "utf-8"},
		{"no line break at the end", titles + strings.TrimSpace(row), ",", "utf-8"},
		{"CR LF", strings.ReplaceAll(titles+row, "\n", "\r\n"), ",", "utf-8"},
		{"a byte order mark", "\ufeff" + titles + row, ",", "utf-8"},
		{"semicolons", semicolons, ";", "utf-8"},
		{"tabs", strings.ReplaceAll(titles+row, ",", "\t"), "\t", "utf-8"},
		{"sep= after a byte order mark", "\ufeffsep=;\r\n" + semicolons, ";", "utf-8"},
		{"UTF-16", utf16le(titles + row), ",", "utf-8"},
		{"quoted line breaks", "email,type,source,occurred_at,external_id,\"a\nnote, long\"\nann@example.org,message,slack,2026-05-01 10:00,m1,\"one\ntwo\"\n", ",", "utf-8"},
		{"Windows-1252", "email,type,source,occurred_at,external_id\nann@example.org,message,slack,2026-05-01,gr\xfc\xdfe \x80\n", ",", "windows-1252"},
		{"other names and another order", "Date;ID;E-Mail;Platform;Kind\n2026-05-01;m1;ann@example.org;slack;message\n", ";", "utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, dbtest.Open(t, database.SQLite))
			got, err := s.ImportActivities(t.Context(), home, strings.NewReader(tt.file), community.CSVOptions{})
			if err != nil || got.Rows != 1 || got.Accepted != 1 || len(got.Errors) != 0 || got.Separator != tt.separator || got.Encoding != tt.encoding {
				t.Fatalf("%+v, %v", got, err)
			}
			if tt.encoding == "windows-1252" && count(t, s.DB, `SELECT COUNT(*) FROM activities WHERE external_id = 'grüße €'`) != 1 {
				t.Error("the umlauts are lost")
			}
		})
	}
}

func TestImportAgainChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		var file strings.Builder
		file.WriteString("handle,occurred_at\n") // no external ids: they are made of the row
		for i := range 1234 {
			fmt.Fprintf(&file, "user%d,2026-05-01 10:%02d:%02d\n", i%50, i/60, i%60)
		}
		options := community.CSVOptions{Type: "message", Source: "slack"}
		for i, want := range [][2]int64{{1234, 0}, {0, 1234}} {
			got, err := s.ImportActivities(t.Context(), home, strings.NewReader(file.String()), options)
			if err != nil || got.Accepted != want[0] || got.Duplicates != want[1] || got.Rejected != 0 {
				t.Errorf("import %d: %+v, %v", i+1, got, err)
			}
		}
		if n := count(t, db, `SELECT COUNT(*) FROM identities WHERE source = 'slack'`); n != 50 {
			t.Errorf("%d people", n)
		}
	})
}

func TestImportNamesBadRows(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	got, err := s.ImportActivities(t.Context(), home, strings.NewReader(titles+
		"ann@example.org,message,slack,2026-05-01T10:00:00Z,m1\n"+ // 2
		"ann,message,slack,2026-05-01T10:00:00Z,m2\n"+
		"ann@example.org,message,slack,yesterday,m3\n"+
		"ann@example.org,message,slack,2027-05-01T10:00:00Z,m4\n"+
		"ann@example.org,mess\"age,slack,2026-05-01T10:00:00Z,m5\n"+ // 6
		"ann@example.org,message,slack,2026-05-01T10:00:00Z,\"m\n6\"\n"+ // 7 and 8: a control character
		"ann@example.org,message,slack,2026-05-01T10:00:00Z,m7,more\n"+
		"bo@example.org,message,slack,2026-05-01T10:00:00Z,m8,,\n"+ // empty ones are harmless
		"\n"+
		"bo@example.org,message\n"), // 12
		community.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var errs []string
	for _, e := range got.Errors {
		errs = append(errs, fmt.Sprint(e.Line, " ", e.Code))
	}
	slices.Sort(errs)
	want := []string{"12 occurred_at", "3 email", "4 occurred_at", "5 in_future", "6 csv", "7 external_id", "9 columns"}
	if !slices.Equal(errs, want) || got.Accepted != 2 || got.Rows != 9 || got.Rejected != 7 {
		t.Errorf("%q\n%+v", errs, got)
	}
}

func TestImportRefusesTheWholeFile(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	for _, tt := range []struct {
		name, file string
		err        error
	}{
		{"nothing", "", community.ErrImportColumns},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", community.ErrImportColumns},
		{"no column for who", "type,source,occurred_at\n", community.ErrImportColumns},
		{"no column for when", "email,type,source\n", community.ErrImportColumns},
		{"no type at all", "email,source,occurred_at\n", community.ErrImportColumns},
		{"too many bytes", titles + strings.Repeat("x", community.MaxImportBytes), community.ErrImportSize},
		{"too many rows", titles + strings.Repeat("a,b\n", 200_001), community.ErrImportSize},
	} {
		if _, err := s.ImportActivities(t.Context(), home, strings.NewReader(tt.file), community.CSVOptions{}); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n := count(t, s.DB, `SELECT COUNT(*) FROM activities`); n != 0 {
		t.Errorf("%d activities", n)
	}
}
