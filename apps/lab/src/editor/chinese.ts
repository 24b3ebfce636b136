// The editor's own words in Chinese, loaded before the editor.

import "monaco-editor/nls/lang/zh-cn.js";
