package v1

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
)

// Base is where the API stands.
const Base = "/api/v1"

// Document is the OpenAPI 3.0 description of the API.
type Document struct {
	JSON []byte
	// Calls are the same in the order of the route table, for the page.
	Calls []Call
	// Stylesheet is the address of the site's, for the page.
	Stylesheet string

	etag  string
	takes map[string][]string // the parameters of the query, by method and path
}

// Call is one operation as the page shows it.
type Call struct {
	Method, Path, Summary, Text, Who string
	ID                               string // of its place on the page
	Request, Answer                  string // JSON schemas, "" for none
	Example                          string // "" for none
	Query                            []parameter
	Status                           int
}

// NewDocument makes the document from the routes below Base and their operations. A route without an operation or an
// operation without a route is an error: the document says all and only what there is.
func NewDocument(baseURL string, routes []access.Route) (*Document, error) {
	known, defined := allOperations(), schemas{}
	defined.of(reflect.TypeFor[respond.Problem](), true)
	paths, doc := object{}, &Document{takes: map[string][]string{}}
	for _, route := range routes {
		path := strings.TrimPrefix(route.Path, Base)
		op, ok := known[route.Method+" "+path]
		if !ok {
			return nil, fmt.Errorf("v1: %s %s is not described", route.Method, path)
		}
		delete(known, route.Method+" "+path)
		item, _ := paths[path].(object)
		if item == nil {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(route.Method)] = op.describe(route, path, defined)
		doc.Calls = append(doc.Calls, op.call(route, path))
		names := []string{}
		for _, q := range op.Query {
			names = append(names, q.Name)
		}
		doc.takes[route.Method+" "+route.Path] = names
	}
	if len(known) > 0 {
		return nil, fmt.Errorf("v1: described, but no route: %v", slices.Sorted(maps.Keys(known)))
	}
	text, err := json.MarshalIndent(object{
		"openapi": "3.0.3",
		"info": object{"title": "Turnout", "version": "1", "description": introduction,
			"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}},
		"servers": []any{object{"url": baseURL + Base}},
		"paths":   paths,
		"components": object{"schemas": defined, "securitySchemes": object{
			"bearer": object{"type": "http", "scheme": "bearer", "description": "An API token: turnout token create --community SLUG --scopes …"},
			"device": object{"type": "http", "scheme": "bearer", "description": "The token of a device: POST /events/{event}/devices"},
			"secret": object{"type": "apiKey", "in": "query", "name": "secret", "description": "The secret of one order, or of one ticket."},
		}},
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("v1: document: %w", err)
	}
	hash := sha256.Sum256(text)
	doc.JSON, doc.etag = text, `"`+base64.RawURLEncoding.EncodeToString(hash[:12])+`"`
	return doc, nil
}

// OnlyKnown refuses a query with parameters that the document does not name: a filter that is misspelled would be no filter.
// It is nil for a route that is not in the document.
func (d *Document) OnlyKnown(route access.Route) gin.HandlerFunc {
	known, ours := d.takes[route.Method+" "+route.Path]
	if !ours {
		return nil
	}
	return func(c *gin.Context) {
		var p turnout.Problems
		for _, name := range slices.Sorted(maps.Keys(c.Request.URL.Query())) {
			if !slices.Contains(known, name) {
				p.Add(name, "unknown_parameter", "There is no such parameter here.")
			}
		}
		if err := p.Err(); err != nil {
			respond.Fail(c, err)
			c.Abort()
		}
	}
}

// Introduction says how all calls are alike.
func (d *Document) Introduction() string { return introduction }

const introduction = `Everything that Turnout can do, for programs.

Names are snake_case, ids have a type prefix and rise with time, an {event} is its id or its slug. Times are RFC 3339 in UTC; any offset is taken. ` +
	`Money is {"amount", "currency"} in minor units. Lists are {"items", "next_cursor"}. Errors are application/problem+json with a stable code and the ` +
	`fields that need a change; an unknown field, or parameter of the query, is one of them. A POST that takes places or money takes an Idempotency-Key: the same key and body give ` +
	`again what they made, as it is now, marked Idempotent-Replayed: true. Edits take If-Match with the ETag that was given.`

// security says who may call, in the words of OpenAPI.
func security(rule access.Rule) []any {
	bearer, secret, nobody := object{"bearer": []string{}}, object{"secret": []string{}}, object{}
	switch {
	case rule.Device != "":
		return []any{bearer, object{"device": []string{}}}
	case rule.Kind == access.KindToken:
		return []any{bearer}
	case rule.Kind == access.KindSecret:
		return []any{secret, bearer}
	case rule.Need != "":
		return []any{bearer, nobody}
	}
	return []any{nobody}
}

// who says the same in words.
func who(rule access.Rule) string {
	switch {
	case rule.Device != "":
		return "Needs a token with the scope " + rule.Need + ", or a device of the event with the role " + string(rule.Device) + " or more."
	case rule.Kind == access.KindToken && rule.Or != "":
		return "Needs a token with the scope " + rule.Need + " or " + rule.Or + "."
	case rule.Kind == access.KindToken:
		return "Needs a token with the scope " + rule.Need + "."
	case rule.Kind == access.KindSecret:
		return "Needs the secret, or a token with the scope " + rule.Need + "."
	case rule.Need != "":
		return "Public; a token with the scope " + rule.Need + " sees more."
	}
	return "Public."
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

var parameterTexts = map[string]string{
	"event": "The event's id or slug.", "id": "The id.", "code": "The order's code or id.",
}

func (op operation) describe(route access.Route, path string, defined schemas) object {
	out := object{
		"operationId": operationID(route.Method, path), "summary": op.Summary, "tags": []string{tag(path)},
		"description": strings.TrimSpace(op.Text + "\n\n" + who(route.Who)), "security": security(route.Who),
		"responses": op.responses(route, defined),
	}
	parameters := []any{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "description": parameterTexts[m[1]], "schema": object{"type": "string"}})
	}
	for _, q := range op.Query {
		schema := object{"type": "string"}
		if len(q.Enum) > 0 {
			schema["enum"] = q.Enum
		}
		if q.Name != "secret" { // the security scheme says it
			parameters = append(parameters, object{"name": q.Name, "in": "query", "required": q.Required, "description": q.Text, "schema": schema})
		}
	}
	if op.Key {
		parameters = append(parameters, header("Idempotency-Key", "Makes equal requests one: at most 255 characters, kept for 24 hours."))
	}
	if op.edits(route.Method) {
		parameters = append(parameters, header("If-Match", "The ETag of the version that the edit was made on; 412 when somebody was faster."))
	}
	if len(parameters) > 0 {
		out["parameters"] = parameters
	}
	if body := op.body(defined); body != nil {
		out["requestBody"] = body
	}
	return out
}

func header(name, text string) object {
	return object{"name": name, "in": "header", "required": false, "description": text, "schema": object{"type": "string"}}
}

func (op operation) body(defined schemas) object {
	switch {
	case op.InRaw != "":
		return object{"required": true, "content": object{op.InRaw: object{"schema": object{"type": "string", "format": "binary"}}}}
	case op.In == nil:
		return nil
	}
	content := object{"schema": defined.of(reflect.TypeOf(op.In), false)}
	if op.Example != nil {
		content["example"] = op.Example
	}
	return object{"required": true, "content": object{"application/json": content}}
}

func (op operation) status() int {
	if op.Status == 0 {
		return http.StatusOK
	}
	return op.Status
}

// responses are the success and every error that the call can give.
func (op operation) responses(route access.Route, defined schemas) object {
	success := object{"description": op.Summary}
	switch {
	case op.OutRaw == "application/json": // somebody else's schema
		success["content"] = object{op.OutRaw: object{"schema": object{"type": "object"}}}
	case op.OutRaw != "":
		success["content"] = object{op.OutRaw: object{"schema": object{"type": "string", "format": "binary"}}}
	case op.Out != nil:
		success["content"] = object{"application/json": object{"schema": defined.of(reflect.TypeOf(op.Out), true)}}
	}
	headers := object{}
	if op.Version {
		headers["ETag"] = object{"description": "The version, for If-Match.", "schema": object{"type": "string"}}
	}
	if op.Key {
		headers["Idempotent-Replayed"] = object{"description": "true when the answer is that of an earlier request with the key.", "schema": object{"type": "string"}}
	}
	if len(headers) > 0 {
		success["headers"] = headers
	}
	answers := object{strconv.Itoa(op.status()): success}
	for _, status := range op.errors(route) {
		answers[strconv.Itoa(status)] = object{"description": http.StatusText(status),
			"content": object{respond.ProblemType: object{"schema": object{"$ref": "#/components/schemas/Problem"}}}}
	}
	return answers
}

// errors are the statuses of the problems that a call can answer with.
func (op operation) errors(route access.Route) []int {
	all := append([]int{http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable}, op.Errors...)
	if route.Who.Kind != access.KindPublic || route.Who.Need != "" {
		all = append(all, http.StatusUnauthorized, http.StatusForbidden)
	} else {
		all = append(all, http.StatusUnauthorized) // a token that is not known
	}
	if strings.Contains(route.Path, "{") {
		all = append(all, http.StatusNotFound)
	}
	if op.In != nil || op.InRaw != "" {
		all = append(all, http.StatusRequestEntityTooLarge)
	}
	if op.Key {
		all = append(all, http.StatusConflict)
	}
	if op.edits(route.Method) {
		all = append(all, http.StatusPreconditionFailed)
	}
	if route.Method != http.MethodGet && route.Who.Kind != access.KindToken {
		all = append(all, http.StatusTooManyRequests)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tag groups calls by the noun that their path ends in.
func tag(path string) string {
	noun := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if noun[0] == "events" && len(noun) > 2 {
		return noun[2]
	}
	return noun[0]
}

var notWord = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// operationID is post_events_event_orders for POST /events/{event}/orders.
func operationID(method, path string) string {
	return strings.Trim(strings.ToLower(method)+"_"+notWord.ReplaceAllString(path, "_"), "_")
}
