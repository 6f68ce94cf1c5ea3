const USER_INFO_PASSWORD = /:\/\/([^:@/\s]*):\S*@/g;
const PASSWORD_PARAMETER = /((?:^|[?&\s"'])(?:ssl)?password\s*=\s*)(?:'[^']*'|[^&\s"']+)/gi;

/**
 * The text with every password of a connection URL or keyword string replaced by `***`.
 *
 * Works on free text and on malformed URLs: up to the last `@` of the word counts as password, so that one
 * holding `@`, `/` or `#` unescaped does not show in part.
 */
export function maskUrl(text: string): string {
  return text.replace(USER_INFO_PASSWORD, '://$1:***@').replace(PASSWORD_PARAMETER, '$1***');
}
