package templates

import "time"

func onlineSamples() []sample {
	type page struct {
		Chrome
		State, Name, AttendeeName, Action, RoomURL, ScheduleURL string
		Event                                                   *sampleDoorEvent
		StartsAt, EndsAt, OpensAt                               time.Time
	}
	begin := time.Now().Add(time.Hour).UTC()
	event := &sampleDoorEvent{sampleConf.Title, "x", sampleConf.Zone, begin, begin.Add(5 * time.Hour)}
	var all []sample
	for _, state := range []string{"early", "open", "no_room", "no_place", "gone", "over", "canceled", "no_ticket"} {
		p := page{Chrome: chrome(sampleConf.Title, "/join/tkt_1/sessions/ses_1"), State: state, Name: "Knots & <ropes>, a workshop with a title that is as long as titles of workshops are", AttendeeName: "Đặng Thị Ánh",
			Action: "/join/tkt_1/sessions/ses_1?secret=x", RoomURL: "/join/tkt_1?secret=x", ScheduleURL: "/e/x/schedule", Event: event, StartsAt: begin, EndsAt: begin.Add(time.Hour), OpensAt: begin.Add(-15 * time.Minute)}
		if state == "gone" {
			p.Name, p.StartsAt, p.EndsAt, p.OpensAt = "", time.Time{}, time.Time{}, time.Time{}
		}
		all = append(all, sample{"join_session", state, p})
	}
	return all
}
