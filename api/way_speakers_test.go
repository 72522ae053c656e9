package api

// askSpeakers looks at what the speakers of the demo way say, and says it for one.
func (h *house) askSpeakers(at, speaker string) {
	list := h.api("GET", at+"/speakers", nil, 200)
	list.is("answer", "items", 0, "missing", 0)
	list.is("pending", "items", 0, "sessions", 0, "answer")
	h.api("GET", at+"/speakers?missing=sleep", nil, 422).is("missing", "fields", 0, "name")
	h.api("GET", "/speakers/"+speaker+"/availability", nil, 200).is(1.0, "version")
	h.api("PUT", "/speakers/"+speaker+"/availability", m{"times": []m{{"starts_at": begin, "ends_at": begin.AddDate(0, 0, 2)}}}, 200).is(2.0, "version")
	h.api("PUT", "/speakers/"+speaker+"/availability", m{"times": []m{}}, 200).is(3.0, "version")
}
