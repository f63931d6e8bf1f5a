// Words of the desktop pages. A page with many words brings its own file of
// locale/zh-CN: add it here by one line, with keys that begin with its name.
import admin from "@locale/admin.json";
import alarm from "@locale/alarm.json";
import audit from "@locale/audit.json";
import aftercare from "@locale/aftercare.json";
import care from "@locale/care.json";
import centre from "@locale/centre.json";
import colour from "@locale/colour.json";
import command from "@locale/command.json";
import consoleWords from "@locale/console.json";
import drawing from "@locale/drawing.json";
import files from "@locale/files.json";
import form from "@locale/form.json";
import guard from "@locale/guard.json";
import hotline from "@locale/hotline.json";
import models from "@locale/models.json";
import register from "@locale/register.json";
import report from "@locale/report.json";
import role from "@locale/role.json";
import seat from "@locale/seat.json";
import shared from "@locale/shared.json";
import survey from "@locale/survey.json";
import visit from "@locale/visit.json";
import { translator } from "@shared/locale";

export const words = {
  ...shared,
  ...consoleWords,
  ...admin,
  ...alarm,
  ...audit,
  ...aftercare,
  ...care,
  ...centre,
  ...colour,
  ...command,
  ...drawing,
  ...files,
  ...form,
  ...guard,
  ...hotline,
  ...models,
  ...register,
  ...report,
  ...role,
  ...seat,
  ...survey,
  ...visit,
};
export const t = translator(words);
