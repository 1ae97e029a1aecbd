using System.Diagnostics.CodeAnalysis;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Origin = Foretoken.Twin.Scenarios.Documents.Origin;

namespace Foretoken.Cli.Scenarios;

/// <summary>
/// Reads YAML text into a tree with places. Works on the parser's events: no reflection, no types of its own, one pass.
/// Strict where YAML is lax: one document, no key twice, no tags, no merge keys, bounded size.
/// </summary>
public sealed class YamlDocument
{
    private const int MaxDepth = 64;
    private const int MaxNodes = 1_000_000;

    private readonly IParser _parser;
    private readonly string _source;
    private readonly bool _isOption;
    private readonly Dictionary<string, ConfigNode> _anchors = [];
    private readonly List<Problem> _problems = [];
    private int _nodes;

    private YamlDocument(TextReader text, string source, bool isOption)
    {
        _parser = new Parser(text);
        _source = source;
        _isOption = isOption;
    }

    /// <summary>Reads a whole file's text; null when it holds no value at all.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">The file's name as the user gave it, for messages.</param>
    /// <exception cref="InputException">It is not YAML that we read; every problem with its place.</exception>
    public static ConfigNode? Parse(string text, string file) => Read(text, file, isOption: false);

    /// <summary>Reads the value of an option such as <c>--set</c>; its place is the option itself.</summary>
    /// <param name="text">The value: a scalar, or a list or map in YAML's flow style.</param>
    /// <param name="option">The option as it was given, for messages.</param>
    /// <exception cref="InputException">It is not YAML.</exception>
    public static ConfigNode ParseValue(string text, string option) =>
        Read(text, option, isOption: true) ?? new ScalarNode("", quoted: false, new Origin(option));

    private static ConfigNode? Read(string text, string source, bool isOption)
    {
        var document = new YamlDocument(new StringReader(text), source, isOption);
        ConfigNode? root;
        try
        {
            root = document.ReadStream();
        }
        catch (YamlException e)
        {
            throw new InputException([.. document._problems, document.Explain(e, text)]);
        }

        return document._problems.Count == 0 ? root : throw new InputException(document._problems);
    }

    private ConfigNode? ReadStream()
    {
        _parser.Consume<StreamStart>();
        ConfigNode? root = null;
        if (_parser.TryConsume<DocumentStart>(out _))
        {
            root = ReadNode(0);
            _parser.Consume<DocumentEnd>();
        }

        if (_parser.Accept<DocumentStart>(out var second))
        {
            _problems.Add(new Problem(At(second).ToString(), "a second document begins here", "a scenario file holds one document; remove the '---' or split the file"));
        }

        return root;
    }

    private ConfigNode ReadNode(int depth)
    {
        var next = _parser.Current ?? Advance();
        if (depth > MaxDepth)
        {
            throw new InputException(At(next).ToString(), $"values are nested more than {MaxDepth} deep");
        }

        if (++_nodes > MaxNodes)
        {
            throw new InputException(At(next).ToString(), $"there are more than {MaxNodes} values", "aliases count as often as they are used");
        }

        return next switch
        {
            Scalar => ReadScalar(),
            SequenceStart => ReadList(depth),
            MappingStart => ReadMap(depth),
            AnchorAlias => ReadAlias(),
            _ => throw new YamlException(next.Start, next.End, "expected a value"),
        };
    }

    private ParsingEvent Advance()
    {
        _parser.MoveNext();
        return _parser.Current!;
    }

    private ScalarNode ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        RejectTag(scalar);
        var node = new ScalarNode(scalar.Value, scalar.Style is not ScalarStyle.Plain, At(scalar));
        Remember(scalar, node);
        return node;
    }

    private ListNode ReadList(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        RejectTag(start);
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        var node = new ListNode(items, At(start));
        Remember(start, node);
        return node;
    }

    private MapNode ReadMap(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        RejectTag(start);
        var entries = new List<MapEntry>();
        var seen = new Dictionary<string, Origin>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is not ScalarNode name)
            {
                _problems.Add(new Problem(key.Origin.ToString(), $"{key.Shown} is used as a key", "keys are plain words"));
            }
            else if (!seen.TryAdd(name.Text, key.Origin))
            {
                _problems.Add(new Problem(key.Origin.ToString(), $"the key '{name.Text}' stands here a second time", $"the first is at {seen[name.Text]}; keep one"));
            }
            else
            {
                entries.Add(new MapEntry(name.Text, key.Origin, value));
            }
        }

        var node = new MapNode(entries, At(start));
        Remember(start, node);
        return node;
    }

    private ConfigNode ReadAlias()
    {
        var alias = _parser.Consume<AnchorAlias>();
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw new InputException(At(alias).ToString(), $"the alias '*{alias.Value}' has no finished anchor '&{alias.Value}' before it");
        }

        _nodes += Size(node);
        return node;
    }

    private static int Size(ConfigNode node) => node switch
    {
        ListNode list => 1 + list.Items.Sum(Size),
        MapNode map => 1 + map.Entries.Sum(e => Size(e.Value)),
        _ => 1,
    };

    private void Remember(NodeEvent at, ConfigNode node)
    {
        if (!at.Anchor.IsEmpty)
        {
            _anchors[at.Anchor.Value] = node;
        }
    }

    private void RejectTag(NodeEvent at)
    {
        if (!at.Tag.IsEmpty && at.Tag.Value is not "!")
        {
            _problems.Add(new Problem(At(at).ToString(), $"the tag '{at.Tag}' is not read", "write the value without a tag"));
        }
    }

    private Origin At(ParsingEvent at) => _isOption ? new Origin(_source) : new Origin(_source, (int)at.Start.Line, (int)at.Start.Column);

    [SuppressMessage("Globalization", "CA1310", Justification = "single characters")]
    private Problem Explain(YamlException error, string text)
    {
        if (_isOption)
        {
            return new Problem(_source, "the value is not readable as YAML", $"{FirstLine(error.Message)}; put quotes around a text with special characters");
        }

        var lines = text.Split('\n');
        var tab = Array.FindIndex(lines, line => line.TrimStart(' ').StartsWith('\t'));
        if (tab >= 0 && tab < error.End.Line + 1)
        {
            var column = lines[tab].IndexOf('\t', StringComparison.Ordinal) + 1;
            return new Problem($"{_source}:{tab + 1}:{column}", "a tab is used to indent", "YAML indents with spaces only");
        }

        return new Problem($"{_source}:{error.Start.Line}:{error.Start.Column}", "is not readable as YAML", FirstLine(error.Message));
    }

    private static string FirstLine(string message)
    {
        var end = message.IndexOf('\n', StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).Trim().TrimEnd('.');
    }
}
