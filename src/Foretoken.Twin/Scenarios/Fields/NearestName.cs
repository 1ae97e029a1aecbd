namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>Finds what somebody probably meant.</summary>
public static class NearestName
{
    /// <summary>The name that is nearest to <paramref name="written"/> by edit distance, or null when none is near enough to be meant.</summary>
    public static string? Find(string written, IEnumerable<string> names)
    {
        var plain = Plain(written);
        string? best = null;
        var bestDistance = Math.Max(2, plain.Length / 3) + 1;
        foreach (var name in names)
        {
            var distance = Distance(plain, Plain(name));
            if (distance < bestDistance && distance < Math.Max(plain.Length, name.Length))
            {
                best = name;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.</summary>
    public static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                var least = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    least = Math.Min(least, rows[i - 2, j - 2] + 1);
                }

                rows[i, j] = least;
            }
        }

        return rows[a.Length, b.Length];
    }

    private static string Plain(string name) => name.TrimStart('-').Replace('-', '_').ToLowerInvariant();
}
