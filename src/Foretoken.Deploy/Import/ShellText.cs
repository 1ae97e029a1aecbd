using System.Globalization;
using System.Text;

namespace Foretoken.Deploy.Import;

/// <summary>
/// Cuts a shell text into commands and words as a POSIX shell would: quotes, escapes, continued lines, comments, <c>;</c>,
/// <c>&amp;</c>, <c>&amp;&amp;</c>, <c>|</c>. Variables and substitutions stay as they are written; here-documents are skipped.
/// </summary>
internal sealed class ShellText
{
    private readonly string _text;
    private readonly string _place;
    private readonly bool _isFile;
    private readonly List<ShellCommand> _commands = [];
    private readonly List<string> _comments = [];
    private List<ShellWord> _words = [];
    private int _at;
    private int _line = 1;
    private int _column = 1;

    private ShellText(string text, string place, bool isFile) => (_text, _place, _isFile) = (text, place, isFile);

    /// <summary>The commands of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="isFile">Whether lines count from its start.</param>
    public static IReadOnlyList<ShellCommand> Cut(string text, string place, bool isFile = true)
    {
        var cutter = new ShellText(text, place, isFile);
        cutter.Run();
        return cutter._commands;
    }

    private void Run()
    {
        while (_at < _text.Length)
        {
            switch (_text[_at])
            {
                case '\n':
                    End();
                    Next();
                    break;
                case ' ' or '\t' or '\r':
                    Next();
                    break;
                case '\\' when Peek(1) == '\n' || (Peek(1) == '\r' && Peek(2) == '\n'):
                    Skip(Peek(1) == '\n' ? 2 : 3);
                    break;
                case '#':
                    Comment();
                    break;
                case ';' or '&' or '|' or '(' or ')':
                    End();
                    Next();
                    break;
                case '<' when Peek(1) == '<':
                    HereDocument();
                    break;
                default:
                    Word();
                    break;
            }
        }

        End();
    }

    private void Word()
    {
        var place = _isFile ? string.Create(CultureInfo.InvariantCulture, $"{_place}:{_line}:{_column}") : _place;
        var word = new StringBuilder();
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (c is ' ' or '\t' or '\n' or '\r' or ';' or '&' or '|' or ')')
            {
                break;
            }

            if (c == '\\')
            {
                if (Peek(1) == '\n')
                {
                    Skip(2);
                    continue;
                }

                Next();
                if (_at < _text.Length)
                {
                    word.Append(_text[_at]);
                    Next();
                }
            }
            else if (c is '\'' or '"')
            {
                Quoted(c, word);
            }
            else if (c == '$' && Peek(1) == '(')
            {
                Substitution(word);
            }
            else
            {
                word.Append(c);
                Next();
            }
        }

        _words.Add(new ShellWord(word.ToString(), place));
    }

    private void Quoted(char quote, StringBuilder word)
    {
        Next();
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (quote == '"' && _text[_at] == '\\' && Peek(1) is '"' or '\\' or '$' or '`' or '\n')
            {
                Next();
                if (_text[_at] == '\n')
                {
                    Next();
                    continue;
                }
            }

            word.Append(_text[_at]);
            Next();
        }

        Next();
    }

    private void Substitution(StringBuilder word)
    {
        var depth = 0;
        do
        {
            depth += _text[_at] switch { '(' => 1, ')' => -1, _ => 0 };
            word.Append(_text[_at]);
            Next();
        }
        while (_at < _text.Length && (depth > 0 || _text[_at - 1] == '$'));
    }

    private void Comment()
    {
        var end = _text.IndexOf('\n', _at);
        end = end < 0 ? _text.Length : end;
        if (_words.Count == 0)
        {
            _comments.Add(_text[(_at + 1)..end].Trim());
        }

        Skip(end - _at);
    }

    private void HereDocument()
    {
        var line = _text.IndexOf('\n', _at);
        if (line < 0)
        {
            Skip(_text.Length - _at);
            return;
        }

        var mark = _text[(_at + 2)..line].Trim().TrimStart('-').Trim().Split(' ')[0].Trim('\'', '"');
        Skip(line - _at);
        End();
        while (_at < _text.Length)
        {
            Next();
            var end = _text.IndexOf('\n', _at);
            end = end < 0 ? _text.Length : end;
            var isMark = _text[_at..end].Trim() == mark;
            Skip(end - _at);
            if (isMark)
            {
                return;
            }
        }
    }

    private void End()
    {
        if (_words.Count > 0)
        {
            _commands.Add(new ShellCommand(_words, [.. _comments]));
            _comments.Clear();
            _words = [];
        }
    }

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void Skip(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Next();
        }
    }

    private void Next()
    {
        if (_at >= _text.Length)
        {
            return;
        }

        if (_text[_at] == '\n')
        {
            _line++;
            _column = 1;
        }
        else
        {
            _column++;
        }

        _at++;
    }
}
