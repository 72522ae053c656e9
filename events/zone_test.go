package events_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"
	"time"

	"turnout/events"
)

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewNRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestResolveLocal(t *testing.T) {
	for _, tt := range []struct {
		local, zone, want string
		how               events.Resolution
	}{
		{"2026-05-20T09:00", "Europe/Warsaw", "2026-05-20T07:00:00Z", events.Exact},
		{"2026-05-20T09:00:30", "UTC", "2026-05-20T09:00:30Z", events.Exact},
		{"2026-03-29T02:30", "Europe/Warsaw", "2026-03-29T01:30:00Z", events.Skipped}, // is 3:30
		{"2026-03-29T02:00", "Europe/Warsaw", "2026-03-29T01:00:00Z", events.Skipped},
		{"2026-03-29T03:00", "Europe/Warsaw", "2026-03-29T01:00:00Z", events.Exact},
		{"2026-10-25T02:30", "Europe/Warsaw", "2026-10-25T00:30:00Z", events.Twice}, // the first, still in summer time
		{"2026-10-25T03:00", "Europe/Warsaw", "2026-10-25T02:00:00Z", events.Exact},
		{"2026-10-25T01:59", "Europe/Warsaw", "2026-10-24T23:59:00Z", events.Exact},
		{"2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00Z", events.Twice},
		{"2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z", events.Skipped}, // half an hour
		{"2026-09-06T00:30", "America/Santiago", "2026-09-06T04:30:00Z", events.Skipped},    // midnight does not exist
		{"2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z", events.Skipped},        // nor did this day
		{"2026-05-20T09:00", "Asia/Kathmandu", "2026-05-20T03:15:00Z", events.Exact},
		{"20 May 2026, 09:00", "Asia/Kathmandu", "2026-05-20T03:15:00Z", events.Exact},
		{" 20.5.2026, 09:00 ", "Asia/Kathmandu", "2026-05-20T03:15:00Z", events.Exact},
		{"2026-05-20 09:00", "Asia/Kathmandu", "2026-05-20T03:15:00Z", events.Exact},
	} {
		zone, err := events.LoadZone(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, how, err := events.ResolveLocal(tt.local, zone)
		if got := at.Format(time.RFC3339); err != nil || got != tt.want || how != tt.how {
			t.Errorf("%s in %s is %s (%s), %v; want %s (%s)", tt.local, tt.zone, got, how, err, tt.want, tt.how)
		}
	}
	for _, text := range []string{"", "2026-02-30T10:00", "05/20/2026, 10:00", "10:00", "2026-05-20T10:00Z"} {
		if _, _, err := events.ResolveLocal(text, time.UTC); !errors.Is(err, events.ErrWallClock) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever the instant, what its clock shows is read back as that instant, or as its twin of an hour that comes twice.
func TestResolveLocalIsTheInverseOfShowing(t *testing.T) {
	for _, name := range []string{"Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Pacific/Chatham", "UTC"} {
		zone, err := events.LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(15 * time.Minute) {
			shown := at.In(zone).Format("2006-01-02T15:04")
			got, how, err := events.ResolveLocal(shown, zone)
			if err != nil || how == events.Skipped || got.In(zone).Format("2006-01-02T15:04") != shown || how == events.Exact && !got.Equal(at) || got.After(at) {
				t.Fatalf("%v shows %s in %s, read back as %v (%s), %v", at, shown, name, got, how, err)
			}
		}
	}
}

func TestLoadZone(t *testing.T) {
	for _, name := range []string{"", "Local", "Nowhere/City", "../etc/passwd", "/etc/localtime"} {
		if _, err := events.LoadZone(name); !errors.Is(err, events.ErrZone) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
