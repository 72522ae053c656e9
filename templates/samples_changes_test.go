package templates

import "time"

type (
	sampleSlot struct {
		StartsAt, EndsAt time.Time
		Room             string
	}
	sampleChange struct {
		Title, URL string
		What       []string
		Was, Is    *sampleSlot
	}
	sampleRelease struct {
		ID, Version, Note, TookBack string
		At                          time.Time
		First, More                 int
		Gone, Unchanged             bool
		Items                       []sampleChange
	}
	changesPage struct {
		Chrome
		Event                sampleEvent
		Releases             []sampleRelease
		FeedURL, ScheduleURL string
	}
)

// changesSamples are the changes of a schedule, release by release.
func changesSamples() []sample {
	early, late := &sampleSlot{sampleConf.StartsAt, sampleConf.EndsAt, "Stage 1"}, &sampleSlot{sampleConf.StartsAt.Add(time.Hour), sampleConf.EndsAt, ""}
	return []sample{{"schedule_changes", "several", changesPage{chrome("Changes", "/e/x/schedule/changes"), sampleConf, []sampleRelease{
		{ID: "rel_5", TookBack: "2.0", Gone: true, At: sampleNow}, {ID: "rel_4", TookBack: "1.2", At: sampleNow}, {ID: "rel_3", Version: "1.1.1", Unchanged: true, At: sampleNow},
		{ID: "rel_2", Version: "1.1", Note: "<b>The</b> guest comes later.", At: sampleNow, More: 240, Items: []sampleChange{
			{"SQLite in anger: lessons from a year in production", "/e/x/schedule/1", []string{"moved", "rerooms"}, early, late}, {"Łódź by night", "", []string{"removed"}, early, nil}, {"山田", "/e/x/schedule/2", []string{"added"}, nil, late}}},
		{ID: "rel_1", Version: "1.0", First: 14, At: sampleNow}}, "/e/x/schedule/changes.atom", "/e/x/schedule"}}}
}

// newsSample is the mail about a changed schedule to those whom it concerns.
func newsSample() map[string]any {
	early, late := &sampleSlot{sampleConf.StartsAt, sampleConf.EndsAt, "Stage 1"}, &sampleSlot{sampleConf.StartsAt.Add(time.Hour), sampleConf.EndsAt, ""}
	return map[string]any{"Community": sampleBrand.Name, "Accent": "#0f766e", "Name": "Ada", "EventTitle": sampleConf.Title, "Zone": sampleConf.Zone, "URL": "https://events.example.org/e/x/schedule",
		"StopURL": "https://events.example.org/stop", "Speaker": false, "SignedUp": true, "Left": 12, "Clashes": 2, "Items": []sampleChange{
			{"SQLite in anger: lessons from a year in production", "", []string{"moved", "rerooms"}, early, late}, {"Łódź by night", "", []string{"removed"}, early, nil}, {"山田", "", []string{"added"}, nil, late}}}
}
