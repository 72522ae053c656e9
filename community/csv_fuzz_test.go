package community

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// No file makes the reader panic or run for ever, and each row that it gives comes from a line of the file.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"", "email,type,source,occurred_at\na@example.org,x,y,2026-01-01\n", "sep=;\nemail;occurred_at\n\"a\nb\";2026-01-01\n",
		"\xff\xfee\x00m\x00a\x00i\x00l\x00", "\xef\xbb\xbfemail\toccurred_at\n\xfc\t2026-01-01 10:00\n", "email,occurred_at\n\"", "sep=,",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		in, err := openCSV(bytes.NewReader(file), CSVOptions{Type: "t", Source: "s"})
		if err != nil {
			return
		}
		for rows := 0; ; {
			items, lines, err := in.chunk()
			rows += len(items)
			if len(items) != len(lines) || rows > len(file) {
				t.Fatalf("%d items, %d lines, %d rows of %d bytes", len(items), len(lines), rows, len(file))
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
