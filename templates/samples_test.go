package templates

import (
	"time"
)

// sample is one page with the data of one situation.
type sample struct {
	page, variant string
	data          any
}

var (
	sampleNow   = time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	sampleBrand = Brand{Name: "Rhine Valley Gophers", URL: "/rhine-gophers"}
)

func samples() []sample {
	return []sample{
		{"error", "404", struct {
			Chrome
			Status                               int
			Heading, Message, RequestID, HomeURL string
		}{Chrome{Title: "Not found", NoIndex: true, Path: "/x"}, 404, "", "There is no such page here, or it is not yours to see.", "req_0191", "/"}},
		{"sign_in", "wrong", struct {
			Chrome
			Errors                         Errors
			Email, Next, Action, ForgotURL string
		}{Chrome{Title: "Sign in", Community: sampleBrand, Path: "/sign-in"}, Errors{{Name: "email", Message: "This e-mail address and password do not belong together."}}, "ada@example.org", "/console", "/sign-in", "/forgot"}},
	}
}

func sampleMails() map[string]any {
	return map[string]any{
		"password_reset": map[string]any{"Community": "Rhine Valley Gophers", "Name": "Ada", "URL": "https://example.org/reset/x", "Hours": 2},
	}
}
