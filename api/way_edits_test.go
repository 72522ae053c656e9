package api

// correctAgenda changes what the way planned, each thing on the version that it saw, and leaves it as it was.
func (h *house) correctAgenda(at, room, track, speaker, session string) {
	h.api("PUT", "/rooms/"+room, m{"name": "Great Hall", "capacity": 200}, 200).is("Great Hall", "name")
	h.api("PUT", "/rooms/"+room, m{"name": ""}, 422).is("name", "fields", 0, "name")
	h.api("PUT", "/rooms/"+room, m{"name": "Aula", "capacity": 300}, 200).is(3.0, "version")
	h.api("DELETE", "/rooms/"+room, nil, 409).is("room_in_use", "code")
	h.api("DELETE", "/rooms/"+h.api("POST", at+"/rooms", m{"name": "Closet"}, 201).text1("id"), nil, 204)
	h.api("PUT", "/tracks/"+track, m{"name": "Tools", "color": "#1a7f37"}, 200).is(2.0, "version")
	h.api("DELETE", "/tracks/"+track, nil, 409).is("track_in_use", "code")
	h.api("DELETE", "/tracks/"+h.api("POST", at+"/tracks", m{"name": "Nobody's"}, 201).text1("id"), nil, 204)

	h.api("GET", "/speakers/"+speaker, nil, 200).is("zoe@example.org", "email")
	h.api("PUT", "/speakers/"+speaker, m{"name": "Zoë Łukasik", "email": "zoe@example.org", "bio": "Measures."}, 200).is("Measures.", "bio")
	h.api("DELETE", "/speakers/"+speaker, nil, 409).is("speaker_in_use", "code")
	other := h.api("POST", at+"/speakers", m{"name": "Nobody"}, 201).text1("id")
	h.api("DELETE", "/speakers/"+other, nil, 204)
	h.api("GET", "/speakers/"+other, nil, 404).is("not_found", "code")

	seen := h.api("GET", "/sessions/"+session, nil, 200)
	seen.is(nil, "starts_at")
	whole := m{"title": "Beginnings, again", "kind": "talk", "track_id": track, "duration_minutes": 30, "speaker_ids": []string{speaker}}
	h.api("PUT", "/sessions/"+session, whole, 200).is("Beginnings, again", "title")
	h.api("PUT", "/sessions/"+session, whole, 412, "If-Match", `"1"`).is("stale", "code")
	h.api("POST", "/sessions/"+session+"/withdraw", nil, 412, "If-Match", `"1"`).is("stale", "code")
	h.api("POST", "/sessions/"+session+"/withdraw", nil, 200).is("withdrawn", "status")
	whole["title"] = "Beginnings"
	h.api("PUT", "/sessions/"+session, whole, 200).is("confirmed", "status")
}
