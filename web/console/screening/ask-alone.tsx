export { AskAlone as default } from "./interview";
