package api

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A currency with amounts asks what becomes of them, shows it, and then does that.
func TestAnotherCurrencyIsAsked(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(5)
		form := url.Values{}
		page := d.see(d.at("/details"))
		for _, field := range regexp.MustCompile(`<input[^>]*>`).FindAllString(page, -1) {
			name, value := regexp.MustCompile(` name="([^"]+)"`).FindStringSubmatch(field), regexp.MustCompile(` value="([^"]*)"`).FindStringSubmatch(field)
			kind := regexp.MustCompile(` type="(checkbox|radio)"`).MatchString(field)
			if name != nil && value != nil && (!kind || strings.Contains(field, " checked")) {
				form.Set(name[1], value[1])
			}
		}
		if strings.Contains(page, "keep_numbers") {
			t.Error("nobody asked for another currency")
		}
		form.Set("currency", "JPY")
		d.refuse(d.at("/details"), form, 409, "There are amounts in EUR, such as €49.00.", `name="keep_numbers"`, "€49.00 → ¥49", "f-currency-error")
		d.lang = "de"
		d.refuse(d.at("/details"), form, 409, "Es gibt schon Preise oder Beträge", "49,00\u00a0€ → 49\u00a0¥")
		d.lang = "en"
		d.send(d.at("/details"), clone(form, "keep_numbers", "1"), d.at("/details"))
		d.api("GET", "/events/summit/ticket-types", nil, 200).is(49, "items", 0, "price", "amount")
		d.api("PATCH", "/events/summit", m{"currency": "EUR"}, 409).is("currency_has_amounts", "code")
		d.api("PATCH", "/events/summit", m{"currency": "EUR", "keep_numbers": true}, 200).is("EUR", "currency")
		d.api("GET", "/events/summit/ticket-types", nil, 200).is(4900, "items", 0, "price", "amount")
		d.buy(paid, 1, "Ada", "ada@example.org")
		d.api("PATCH", "/events/summit", m{"currency": "USD", "keep_numbers": true}, 409).is("currency_fixed", "code")
	})
}
