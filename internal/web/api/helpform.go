package api

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	"zugou/internal/centre/seat"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/web/chassis"
)

// maxForm bounds the plain form: 2,000 characters of text, percent-encoded,
// are at most 18 KB.
const maxForm = 64 << 10

// helpForm is the answer to the plain form: the code, or the form once more
// with the words still in it. It must stand without any other file.
var helpForm = template.Must(template.New("help").Parse(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>{{.Title}}</title>
<style>body{font:17px/1.7 sans-serif;max-width:32em;margin:0 auto;padding:16px;background:#f1f6f9;color:#17212e}
.code{padding:16px;border:2px dashed #1c4f93;border-radius:14px;background:#fff;text-align:center;font:700 28px/40px monospace}
a.b,button{display:block;width:100%;box-sizing:border-box;margin:12px 0;padding:14px;border:0;border-radius:12px;background:#1c4f93;color:#fff;font:600 18px/24px sans-serif;text-align:center;text-decoration:none}
a.b{background:#17212e}textarea{width:100%;box-sizing:border-box;min-height:9em;font:inherit}</style></head><body>
{{if .Code}}<h1>{{.Sent}}</h1><p>{{.CodeLabel}}</p><p class="code">{{.Code}}</p><p>{{.CodeText}}</p>
{{else}}<h1>{{.Problem}}</h1><form method="post" action="/help/send">
<input type="hidden" name="key" value="{{.In.Key}}"><input type="hidden" name="choice" value="{{.In.Choice}}">
<input type="hidden" name="name" value="{{.In.Name}}"><input type="hidden" name="phone" value="{{.In.Phone}}"><input type="hidden" name="place" value="{{.In.Place}}">
<textarea name="text">{{.In.Text}}</textarea><button>{{.Again}}</button></form>{{end}}
<a class="b" href="tel:110">{{.Call110}}</a><a class="b" href="tel:120">{{.Call120}}</a><p><a href="/help/">{{.Back}}</a></p>
</body></html>`))

type helpFormPage struct {
	Title, Sent, CodeLabel, CodeText, Problem, Again, Call110, Call120, Back, Code string

	In seat.Asking
}

// HelpForm takes the help page's plain form, which a browser sends by itself
// while the page's script is slow or does not run. The words come back with
// the answer if they could not be stored, under the same key, so that sending
// them again makes no second request.
func HelpForm(ask func(context.Context, seat.Asking) (seat.Helped, error), words chassis.Words) http.Handler {
	text := func(key string) string { t, _ := words.Text(key); return t }
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
		page := helpFormPage{Title: text("help.title"), Sent: text("help.sent"), CodeLabel: text("help.codeLabel"), CodeText: text("help.codeText"),
			Again: text("help.retryNow"), Call110: text("help.call110"), Call120: text("help.call120"), Back: text("answer.back")}
		status := http.StatusOK
		err := r.ParseForm()
		if err != nil {
			err = errs.Invalid("text", "text.too_long")
		} else {
			page.In = seat.Asking{Choice: r.PostForm.Get("choice"), Text: r.PostForm.Get("text"), Name: r.PostForm.Get("name"),
				Phone: r.PostForm.Get("phone"), Place: r.PostForm.Get("place"), Key: r.PostForm.Get("key")}
			if page.In.Key == "" { // the script makes it; without one it is made here
				page.In.Key = string(id.New())
			}
			var out seat.Helped
			out, err = ask(r.Context(), page.In)
			page.Code = out.Code
		}
		if err != nil {
			fault := chassis.NewFault(err, words)
			why := fault.Message
			if len(fault.Fields) > 0 {
				why = fault.Fields[0].Message
			}
			status, page.Code, page.Problem = fault.GetStatus(), "", strings.Replace(text("help.refused"), "{why}", why, 1)
		}
		h := rw.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		rw.WriteHeader(status)
		_ = helpForm.Execute(rw, page) // the client is gone if this fails
	})
}
