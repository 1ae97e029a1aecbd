using System.Globalization;
using System.Text.RegularExpressions;
using Foretoken.Twin.Scenarios.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Foretoken.Deploy.Documents;

/// <summary>
/// Writes trees as YAML: block style, keys in the order of the tree, one writing for each value, so that the same tree is the same
/// bytes. A text that YAML (1.1 as Kubernetes and Helm read it) would take for a switch, a number or nothing goes into quotes.
/// </summary>
internal static partial class YamlText
{
    /// <summary>One document.</summary>
    public static string Write(ConfigNode root) => Write([root]);

    /// <summary>Several documents, with <c>---</c> between them.</summary>
    public static string Write(IReadOnlyList<ConfigNode> roots) => string.Join("---\n", roots.Select(One));

    /// <summary>Whether YAML reads the bare text as something else than a text.</summary>
    public static bool IsAmbiguous(string text) => text.Length == 0 || Words().IsMatch(text) || Numbers().IsMatch(text);

    private static string One(ConfigNode root)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024).WithIndentedSequences());
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static void Emit(Emitter to, ConfigNode node)
    {
        switch (node)
        {
            case MapNode map:
                to.Emit(new MappingStart(null, null, isImplicit: true, map.Entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var entry in map.Entries)
                {
                    to.Emit(Scalar(entry.Key, isText: true));
                    Emit(to, entry.Value);
                }

                to.Emit(new MappingEnd());
                break;
            case ListNode list:
                to.Emit(new SequenceStart(null, null, isImplicit: true, list.Items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in list.Items)
                {
                    Emit(to, item);
                }

                to.Emit(new SequenceEnd());
                break;
            case ScalarNode scalar:
                to.Emit(Scalar(scalar.Text, scalar.Quoted));
                break;
            default:
                throw new NotSupportedException(node.GetType().Name);
        }
    }

    private static Scalar Scalar(string text, bool isText)
    {
        var style = text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal
            : isText && (IsAmbiguous(text) || !Safe().IsMatch(text)) ? ScalarStyle.DoubleQuoted
            : ScalarStyle.Plain;
        return new Scalar(null, null, text, style, isPlainImplicit: true, isQuotedImplicit: true);
    }

    [GeneratedRegex(@"^(~|null|true|false|yes|no|on|off|y|n)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    // Also what only looks like a number: 1e3, 0x1f, 1_000, 12:30, .5, .inf, a date.
    [GeneratedRegex(@"^[-+]?(\.?[0-9][0-9_.,:eExXa-fA-FoO+-]*|\.(inf|nan))$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"^-{0,2}[A-Za-z0-9_./][A-Za-z0-9_./@+=~-]*([ :][A-Za-z0-9_./@+=~(][A-Za-z0-9_./@+=~(),-]*)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Safe();
}
