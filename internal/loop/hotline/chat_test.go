package hotline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/db"
	"zugou/internal/kernel/errs"
	"zugou/internal/kernel/id"
	"zugou/internal/loop/hotline"
	"zugou/internal/people/access"
)

var (
	op1  = as("op1", access.SeatOperator)
	op2  = as("op2", access.SeatOperator)
	lead = as("lead", access.SeatLeader)
)

const childKey = "0123456789abcdef0123456789abcdef"

// chat opens one and gives the call it stands for.
func (h *house) chat(key string, words ...string) id.ID {
	h.t.Helper()
	h.comes(key, hotline.Visitor{})
	for i, w := range words {
		if err := h.s.SayChat(context.Background(), key, w, key[:8]+string(rune('a'+i))); err != nil {
			h.t.Fatal(err)
		}
	}
	board, err := h.s.Board(op1)
	if err != nil || len(board.Waiting) == 0 {
		h.t.Fatalf("%+v %v", board, err)
	}
	return board.Waiting[len(board.Waiting)-1].ID
}

// pass lets time go in steps, with the child's page open or closed.
func (h *house) pass(d time.Duration, key string) {
	h.t.Helper()
	for range int(d / (5 * time.Second)) {
		h.clk.Advance(5 * time.Second)
		if key != "" {
			if _, err := h.s.ReadChat(context.Background(), key, 0, "asked"); err != nil {
				h.t.Fatal(err)
			}
		}
		for {
			n, err := h.jobs.RunOnce(context.Background())
			if err != nil {
				h.t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
}

func TestAChildWritesAndASeatAnswers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.chat(childKey, "在吗", "我不想回家")
		h.comes(childKey, hotline.Visitor{})                                               // opened again: the page was loaded anew
		if err := h.s.SayChat(t.Context(), childKey, "在吗", childKey[:8]+"a"); err != nil { // sent again
			t.Fatal(err)
		}
		board, err := h.s.Board(op1)
		if err != nil || len(board.Waiting) != 1 || board.Waiting[0].Channel != hotline.ByChat || board.Waiting[0].Phone != "" {
			t.Fatalf("%+v %v", board.Waiting, err)
		}
		if lines, err := h.s.ChatLog(op2, call); err != nil || len(lines) != 2 || lines[1].Text != "我不想回家" {
			t.Fatalf("a seat reads what waits: %+v %v", lines, err)
		}
		h.clk.Advance(9 * time.Second)
		if err := h.s.TakeChat(op1, call); err != nil {
			t.Fatal(err)
		}
		if err := h.s.TakeChat(op2, call); errs.KeyOf(err) != "call.taken" {
			t.Fatalf("taken twice: %v", err)
		}
		if _, err := h.s.ChatLog(op2, call); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a colleague reads along: %v", err)
		}
		if err := h.s.AnswerChat(op2, call, "你好", "from-op2"); errs.KeyOf(err) != "call.not_yours" {
			t.Fatalf("%v", err)
		}
		if err := h.s.AnswerChat(op1, call, "我在，你慢慢说", "from-op1"); err != nil {
			t.Fatal(err)
		}
		got, err := h.s.ReadChat(t.Context(), childKey, 2, hotline.Talking)
		if err != nil || got.State != hotline.Talking || len(got.Lines) != 1 || !got.Lines[0].Seat || got.Lines[0].Text != "我在，你慢慢说" {
			t.Fatalf("%+v %v", got, err)
		}
		if err := h.s.CloseChat(op1, call); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SayChat(t.Context(), childKey, "还在吗", "after-the-end"); errs.KeyOf(err) != "chat.ended" {
			t.Fatalf("%v", err)
		}
		sheet, err := h.s.Find(op1, call)
		if err != nil || sheet.Result != hotline.Spoken || sheet.WaitMS != 9000 || sheet.Class != "" {
			t.Fatalf("%+v %v", sheet, err)
		}
		if _, err := h.s.Wrap(op1, call, hotline.Wrap{Class: "counselling", Topic: "family", Action: "listened", Note: "聊了家里的事"}); err != nil {
			t.Fatal(err)
		}
		// Wrapped up, it is read for a reason only, and not by its seat any more.
		if _, err := h.s.ChatLog(op1, call); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("%v", err)
		}
		if _, err := h.s.ReadLog(lead, call, "督"); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("%v", err)
		}
		if lines, err := h.s.ReadLog(lead, call, "抽查质量"); err != nil || len(lines) != 3 {
			t.Fatalf("%+v %v", lines, err)
		}
		counts, err := h.s.Count(lead, hotline.Query{Channel: hotline.ByChat})
		if err != nil || counts.Total != 1 || counts.Channel[0].Key != hotline.ByChat {
			t.Fatalf("%+v %v", counts, err)
		}
	})
}

func TestNobodyTakesAChatAndTheSeatsQueueHasIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		call := h.chat(childKey, "有人吗，我害怕")
		h.pass(50*time.Second, childKey) // two levels of 20 s
		if len(h.matters) != 1 || h.matters[0].Kinds != "help" || !strings.Contains(h.matters[0].Note, "我害怕") {
			t.Fatalf("%+v", h.matters)
		}
		h.matters = nil
		h.pass(60*time.Second, childKey) // and not again
		got, err := h.s.ReadChat(t.Context(), childKey, 1, hotline.Ended)
		if err != nil || got.State != hotline.Waiting || !got.Passed {
			t.Fatalf("%+v %v", got, err)
		}
		if err := h.s.TakeChat(op1, call); err != nil { // who comes late still finds the child
			t.Fatal(err)
		}
		h.pass(100*time.Second, "") // the page is closed
		sheet, err := h.s.Find(op1, call)
		if err != nil || sheet.State != hotline.Ended || sheet.Result != hotline.Spoken {
			t.Fatalf("%+v %v", sheet, err)
		}
	})
}

func TestAChatLeftBeforeAnybodyCameIsLookedAtIfWordsAreThere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.chat(childKey)
		if err := h.s.LeaveChat(t.Context(), childKey); err != nil { // not a word: nothing to look at
			t.Fatal(err)
		}
		if err := h.s.LeaveChat(t.Context(), childKey); err != nil { // pressed twice
			t.Fatal(err)
		}
		second := strings.Repeat("b", 32)
		call := h.chat(second, "他又打我了")
		if err := h.s.LeaveChat(t.Context(), second); err != nil {
			t.Fatal(err)
		}
		h.expect("help", "", "")
		if sheet, err := h.s.Find(op1, call); err != nil || sheet.Result != hotline.Abandoned || sheet.MatterID == "" {
			t.Fatalf("%+v %v", sheet, err)
		}
	})
}

func TestAChatIsSealedAndKnownByItsKeyOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.chat(childKey, "秘密的话")
		if _, err := h.s.ReadChat(t.Context(), strings.Repeat("c", 32), 0, ""); errs.KeyOf(err) != "chat.none" {
			t.Fatalf("%v", err)
		}
		if _, err := h.s.OpenChat(t.Context(), "short", hotline.Visitor{}); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("%v", err)
		}
		if err := h.s.SayChat(t.Context(), childKey, strings.Repeat("字", 1001), "too-long-1"); errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("%v", err)
		}
		var texts, keys []string
		if err := h.d.View(t.Context(), func(ctx context.Context, r db.Reader) error {
			if err := r.List(ctx, &texts, "SELECT text FROM hotline_said"); err != nil {
				return err
			}
			return r.List(ctx, &keys, "SELECT chat_index FROM hotline_call")
		}); err != nil || len(texts) != 1 || strings.Contains(texts[0], "秘密") || keys[0] == childKey {
			t.Fatalf("%v %v %v", texts, keys, err)
		}
		// A restart does not end chats: the page comes back.
		if n, err := h.s.Sweep(t.Context()); err != nil || n != 0 {
			t.Fatalf("%d %v", n, err)
		}
		// Kept as long as recordings, then nobody opens it.
		if err := h.s.TakeChat(op1, h.waiting()); err != nil {
			t.Fatal(err)
		}
		call := h.talking()
		if err := h.s.CloseChat(op1, call); err != nil {
			t.Fatal(err)
		}
		h.clk.Advance(181 * 24 * time.Hour)
		if err := h.s.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.ReadLog(lead, call, "抽查质量"); errs.KeyOf(err) != "call.no_recording" {
			t.Fatalf("%v", err)
		}
	})
}

func (h *house) waiting() id.ID {
	h.t.Helper()
	b, err := h.s.Board(op1)
	if err != nil || len(b.Waiting) != 1 {
		h.t.Fatalf("%+v %v", b, err)
	}
	return b.Waiting[0].ID
}

func (h *house) talking() id.ID {
	h.t.Helper()
	b, err := h.s.Board(op1)
	if err != nil || len(b.Talking) != 1 {
		h.t.Fatalf("%+v %v", b, err)
	}
	return b.Talking[0].ID
}
