package badges

import (
	"testing"

	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// Names stand as in a dictionary, whatever their case and accents; orders and ticket types hold together when they are asked for.
func TestTheOrderOfAPrint(t *testing.T) {
	worn := func(rows ...*ticketing.AttendeeRow) (all []*wearer) {
		for _, r := range rows {
			all = append(all, &wearer{row: r, badge: documents.Badge{Name: r.AttendeeName}})
		}
		return all
	}
	rows := []*ticketing.AttendeeRow{
		{AttendeeName: "zoe", TypeName: "Regular", OrderNumber: 1, Number: 1}, {AttendeeName: "Ádám", TypeName: "Student", OrderNumber: 3, Number: 4},
		{AttendeeName: "Łukasz", TypeName: "Regular", OrderNumber: 1, Number: 2}, {AttendeeName: "bea", TypeName: "Student", OrderNumber: 2, Number: 3}, {AttendeeName: "Mia", TypeName: "regular", OrderNumber: 4, Number: 5},
	}
	for by, want := range map[Sort]string{"": "Ádám bea Łukasz Mia zoe", ByName: "Ádám bea Łukasz Mia zoe", ByType: "Łukasz Mia zoe Ádám bea", ByOrder: "zoe Łukasz bea Ádám Mia"} {
		all := worn(rows...)
		arrange(all, by)
		got := ""
		for _, w := range all {
			got += " " + w.badge.Name
		}
		if got != " "+want {
			t.Errorf("by %q:%s, want %s", by, got, want)
		}
	}
}

// Whatever stands on a badge changes what it says; how it looks does not.
func TestWhatABadgeSays(t *testing.T) {
	b := documents.Badge{Name: "Ada", Lines: []string{"Engines"}, Type: "Regular", Order: "K7", Code: "A", Band: "CREW", Color: "#112233"}
	seen := map[string]string{says(b): "itself"}
	for name, change := range map[string]func(*documents.Badge){
		"name": func(b *documents.Badge) { b.Name = "Bea" }, "line": func(b *documents.Badge) { b.Lines = []string{"", "Engines"} }, "type": func(b *documents.Badge) { b.Type = "Student" },
		"order": func(b *documents.Badge) { b.Order = "" }, "code": func(b *documents.Badge) { b.Code = "B" }, "band": func(b *documents.Badge) { b.Band = "" },
	} {
		other := b
		change(&other)
		if before := seen[says(other)]; before != "" {
			t.Errorf("another %s says the same as %s", name, before)
		}
		seen[says(other)] = name
	}
}

func TestRunsHaveFiles(t *testing.T) {
	for badges, want := range map[int64]int{1: 1, FileBadges: 1, FileBadges + 1: 2, 5000: 5000 / FileBadges} {
		if got := (&Run{Badges: badges}).Files(); got != want {
			t.Errorf("%d badges have %d files, want %d", badges, got, want)
		}
	}
}
