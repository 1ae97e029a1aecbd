using System.Globalization;
using System.Text;

namespace Foretoken.Deploy.Deployments;

/// <summary>
/// Names that Kubernetes takes (RFC 1035 labels): lower case, digits and hyphens, a letter first, short enough for what controllers
/// append. A name that had to be cut ends in a hash of the whole, so that two of them stay apart.
/// </summary>
public static class KubernetesName
{
    /// <summary>Longest name of a Service, a label's value and a container.</summary>
    public const int Longest = 63;

    /// <summary>The name as Kubernetes takes it.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="most">Most characters of the result.</param>
    public static string Of(string text, int most = 40)
    {
        var name = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            if (c is (>= 'a' and <= 'z') or (>= '0' and <= '9'))
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        var plain = name.ToString().Trim('-');
        plain = plain.Length == 0 ? "deployment" : char.IsAsciiDigit(plain[0]) ? "d-" + plain : plain;
        if (plain.Length <= most)
        {
            return plain;
        }

        var end = Hash(text).ToString("x8", CultureInfo.InvariantCulture)[..6];
        return plain[..(most - 7)].TrimEnd('-') + "-" + end;
    }

    /// <summary>Names of several things, each with a number where two would be the same.</summary>
    public static IReadOnlyList<string> Unique(IEnumerable<string> texts, int most = 40)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var text in texts)
        {
            var name = Of(text, most);
            for (var i = 2; !taken.Add(name); i++)
            {
                var end = string.Create(CultureInfo.InvariantCulture, $"-{i}");
                name = Of(text, most - end.Length) + end;
            }

            names.Add(name);
        }

        return names;
    }

    /// <summary>Whether Kubernetes takes it as the name of a Service.</summary>
    public static bool IsGood(string name) =>
        name.Length is > 0 and <= Longest && name[0] is >= 'a' and <= 'z' && name[^1] != '-' && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    // FNV-1a.
    private static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked((hash ^ b) * 16777619u);
        }

        return hash;
    }
}
