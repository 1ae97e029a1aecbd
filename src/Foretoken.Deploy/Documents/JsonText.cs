using System.Text;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Documents;

/// <summary>Writes trees as JSON on one line: what engines take as the value of a flag.</summary>
internal static class JsonText
{
    /// <summary>The tree.</summary>
    public static string Write(ConfigNode node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(ConfigNode node, StringBuilder to)
    {
        switch (node)
        {
            case MapNode map:
                to.Append('{');
                for (var i = 0; i < map.Entries.Count; i++)
                {
                    to.Append(i == 0 ? "" : ",");
                    Quote(map.Entries[i].Key, to);
                    to.Append(':');
                    Write(map.Entries[i].Value, to);
                }

                to.Append('}');
                break;
            case ListNode list:
                to.Append('[');
                for (var i = 0; i < list.Items.Count; i++)
                {
                    to.Append(i == 0 ? "" : ",");
                    Write(list.Items[i], to);
                }

                to.Append(']');
                break;
            case ScalarNode { Quoted: true } text:
                Quote(text.Text, to);
                break;
            case ScalarNode plain:
                to.Append(plain.Text);
                break;
            default:
                throw new NotSupportedException(node.GetType().Name);
        }
    }

    private static void Quote(string text, StringBuilder to)
    {
        to.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => to.Append("\\\""),
                '\\' => to.Append("\\\\"),
                '\n' => to.Append("\\n"),
                '\t' => to.Append("\\t"),
                < ' ' => to.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)),
                _ => to.Append(c),
            };
        }

        to.Append('"');
    }
}
