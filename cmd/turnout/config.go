package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"turnout/internal/mail"
)

// Config is the environment, read once. Every name is optional. A secret can also stand in a file that NAME_FILE names.
type Config struct {
	Addr           string   `env:"TURNOUT_ADDR" envDefault:":8080"`
	BaseURL        string   `env:"TURNOUT_BASE_URL"` // where people reach it; without one http(s)://localhost and the port
	DatabaseURL    string   `env:"TURNOUT_DATABASE_URL" envDefault:"sqlite:turnout.db" secret:"true"`
	StripeKey      string   `env:"TURNOUT_STRIPE_SECRET_KEY" secret:"true"`
	StripeWebhook  string   `env:"TURNOUT_STRIPE_WEBHOOK_SECRET" secret:"true"`
	StripeAPI      string   `env:"TURNOUT_STRIPE_API_URL"`
	RateLimit      string   `env:"TURNOUT_RATE_LIMIT" envDefault:"300"` // orders a minute and client address, or off
	TrustedProxies []string `env:"TURNOUT_TRUSTED_PROXIES"`
	TLSCert        string   `env:"TURNOUT_TLS_CERT_FILE"`
	TLSKey         string   `env:"TURNOUT_TLS_KEY_FILE"`
	SMTP           string   `env:"TURNOUT_SMTP_URL" secret:"true"`
	MailFrom       string   `env:"TURNOUT_MAIL_FROM"`
	Workers        string   `env:"TURNOUT_WORKERS" envDefault:"4"` // jobs at the same time, or off for a node that only serves
	Secret         string   `env:"TURNOUT_SECRET" secret:"true"`   // signs links; made and kept in the database when absent
	SecretPrevious string   `env:"TURNOUT_SECRET_PREVIOUS" secret:"true"`
	Log            string   `env:"TURNOUT_LOG" envDefault:"text"`
}

// testPrefix begins the names that the test suite knows and the program does not.
const testPrefix = "TURNOUT_TEST_"

// readConfig reads and checks the environment ("NAME=value" each). Its error says what to do, one line a mistake, and
// repeats no secret.
func readConfig(environ []string) (Config, error) {
	given := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "TURNOUT_") && !strings.HasPrefix(name, testPrefix) && value != "" {
			given[name] = value
		}
	}
	known, secrets := configNames()
	var mistakes []error
	for name, value := range given {
		base, isFile := strings.CutSuffix(name, "_FILE")
		switch {
		case slices.Contains(known, name):
		case isFile && slices.Contains(secrets, base):
			text, err := os.ReadFile(value)
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
			}
			if _, twice := given[base]; twice {
				mistakes = append(mistakes, fmt.Errorf("%s and %s are both set. Keep one", base, name))
			}
			given[base] = strings.TrimSpace(string(text))
		default:
			mistakes = append(mistakes, fmt.Errorf("%s is not known. Did you mean %s?", name, nearest(name, known)))
		}
	}
	config, err := env.ParseAsWithOptions[Config](env.Options{Environment: given})
	if err != nil {
		return config, err
	}
	mistakes = append(mistakes, config.mistakes()...)
	slices.SortFunc(mistakes, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return config, errors.Join(mistakes...)
}

// configNames lists the names of all settings, and of those that are secrets.
func configNames() (known, secrets []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		name := f.Tag.Get("env")
		known = append(known, name)
		if f.Tag.Get("secret") == "true" {
			secrets = append(secrets, name)
		}
	}
	return known, secrets
}

func (c *Config) mistakes() (all []error) {
	add := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
			add("TURNOUT_BASE_URL must be an address without a path, such as https://turnout.example.org")
		}
		c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		add("TURNOUT_DATABASE_URL must begin with sqlite: or postgres://")
	}
	if c.StripeKey != "" && c.StripeWebhook == "" {
		add("TURNOUT_STRIPE_WEBHOOK_SECRET is needed beside TURNOUT_STRIPE_SECRET_KEY: without it no payment would ever be confirmed")
	}
	if c.StripeKey != "" && !strings.HasPrefix(c.StripeKey, "sk_") && !strings.HasPrefix(c.StripeKey, "rk_") {
		add("TURNOUT_STRIPE_SECRET_KEY must be a secret or restricted key: sk_… or rk_…")
	}
	if _, err := c.rateLimit(); err != nil {
		add("%w", err)
	}
	for _, proxy := range c.TrustedProxies {
		_, errPrefix := netip.ParsePrefix(proxy)
		if _, err := netip.ParseAddr(proxy); err != nil && errPrefix != nil {
			add("TURNOUT_TRUSTED_PROXIES: %q is neither an address nor a network such as 10.0.0.0/8", proxy)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		add("TURNOUT_TLS_CERT_FILE and TURNOUT_TLS_KEY_FILE belong together. Set both or none")
	}
	if c.SMTP != "" {
		if _, err := mail.NewSMTP(c.SMTP, c.MailFrom); err != nil {
			add("TURNOUT_SMTP_URL and TURNOUT_MAIL_FROM: %w", err)
		}
	}
	if _, err := c.workers(); err != nil {
		add("%w", err)
	}
	if c.Secret != "" && len(c.Secret) < 32 {
		add("TURNOUT_SECRET must have at least 32 characters. Make one with: openssl rand -hex 32")
	}
	if c.Log != "text" && c.Log != "json" {
		add("TURNOUT_LOG must be text or json")
	}
	return all
}

// rateLimit is in orders a minute, 0 for off.
func (c *Config) rateLimit() (int, error) {
	if c.RateLimit == "off" {
		return 0, nil
	}
	n, err := strconv.Atoi(c.RateLimit)
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, errors.New("TURNOUT_RATE_LIMIT must be off, or how many orders a minute one address may place")
	}
	return n, nil
}

// workers is how many jobs run at the same time, 0 for off.
func (c *Config) workers() (int, error) {
	if c.Workers == "off" {
		return 0, nil
	}
	if c.Workers == "on" {
		return 4, nil
	}
	n, err := strconv.Atoi(c.Workers)
	if err != nil || n < 1 || n > 64 {
		return 0, errors.New("TURNOUT_WORKERS must be off, or how many jobs may run at the same time (1 to 64)")
	}
	return n, nil
}

// nearest gives the known name with the fewest changed letters (Levenshtein's distance).
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, cost)
		}
	}
	return row[len(b)]
}
