import { PhoneOutlined, StopOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { forwardRef, useImperativeHandle, useState } from "react";
import { api } from "@shared/api/client";
import type { Card, Contact } from "@shared/api/types";
import { wordFor } from "@shared/locale";
import type { Act } from "../kit/act";
import { Key } from "../kit/page";
import { t, words } from "../locale";

/** Who may be phoned first: the one who cares for the child, then the next not blocked. */
export function firstToCall(contacts: Contact[]): Contact | undefined {
  const open = contacts.filter((c) => !c.blocked);
  return open.find((c) => c.carer) ?? open[0];
}

export type CallHandle = { callFirst: () => void };

/** The people around the child; one press shows the number to phone. */
export const Contacts = forwardRef<CallHandle, { card: Card; act: Act; readOnly: boolean }>(function Contacts(
  { card, act, readOnly },
  handle,
) {
  const [numbers, setNumbers] = useState<Record<string, string>>({});
  const { matter, contacts } = card;
  const barred = !matter.contact_allowed;

  const call = async (c: Contact) => {
    if (c.blocked || barred || readOnly) return;
    await act.act(`call:${c.person_id}`, async () => {
      const { phone } = await api.post<{ phone: string }>(`/matters/${matter.id}/reveal-phone`, { person_id: c.person_id });
      setNumbers((n) => ({ ...n, [c.person_id]: phone }));
    });
  };
  useImperativeHandle(handle, () => ({
    callFirst: () => {
      const first = firstToCall(contacts);
      if (first) void call(first);
    },
  }));

  if (contacts.length === 0) return <p className="seat-muted">{t("seat.noContacts")}</p>;
  const first = firstToCall(contacts);
  return (
    <ul className="seat-contacts">
      {contacts.map((c) => {
        const number = numbers[c.person_id];
        return (
          <li key={c.person_id} className={c.blocked || barred ? "seat-contact seat-contact-blocked" : "seat-contact"}>
            <span className="seat-contact-who">
              <b>{c.name}</b>
              <span>{c.relation}</span>
              {c.carer && <span className="seat-mark">{t("seat.carer")}</span>}
              {!c.blocked && !barred && !number && <small className="zg-num seat-muted">{c.phone_masked}</small>}
            </span>
            {c.blocked || barred ? (
              <span className="seat-blocked">
                <StopOutlined aria-hidden="true" />{" "}
                {wordFor(words, "blocked", c.blocked_why || (c.blocked ? "conflict" : "undecided"))}
              </span>
            ) : number ? (
              <a className="seat-number zg-num" href={`tel:${number}`}>
                {number}
              </a>
            ) : (
              <Button
                type={c === first ? "primary" : "default"}
                icon={<PhoneOutlined />}
                disabled={readOnly}
                loading={act.busy === `call:${c.person_id}`}
                onClick={() => void call(c)}
              >
                {t("seat.call")}
                {c === first && <Key>C</Key>}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
});
