using System.Globalization;

namespace Foretoken.Tuning.Store;

/// <summary>In what two studies differ, for the user who wants to go on with one and gave another.</summary>
internal static class StudyDifference
{
    private const int LineMax = 80;

    /// <summary>Says both sides of the first differences.</summary>
    public static string Describe(StudyHeader stored, StudyHeader given)
    {
        var parts = new List<string>();
        Compare("name", stored.Name, given.Name);
        Compare("seed", stored.Seed.ToString(CultureInfo.InvariantCulture), given.Seed.ToString(CultureInfo.InvariantCulture));
        Compare("Foretoken", stored.Version, given.Version);
        Compare("measures", string.Join(", ", stored.Measures), string.Join(", ", given.Measures));
        Line(stored.Text, given.Text);
        if (parts.Count == 0)
        {
            parts.Add("the same text and seed, but other traffic or another version of the models");
        }

        parts.Add($"hash {stored.StudyHash} there, {given.StudyHash} here");
        return string.Join("; ", parts);

        void Compare(string what, string there, string here)
        {
            if (there != here)
            {
                parts.Add($"{what} {Cut(there)} there, {Cut(here)} here");
            }
        }

        void Line(string there, string here)
        {
            var (old, now) = (there.ReplaceLineEndings("\n").Split('\n'), here.ReplaceLineEndings("\n").Split('\n'));
            for (var i = 0; i < Math.Max(old.Length, now.Length); i++)
            {
                var (a, b) = (i < old.Length ? old[i] : "(end)", i < now.Length ? now[i] : "(end)");
                if (a != b)
                {
                    parts.Add($"line {i + 1} '{Cut(a.Trim())}' there, '{Cut(b.Trim())}' here");
                    return;
                }
            }
        }
    }

    private static string Cut(string text) => text.Length <= LineMax ? text : text[..LineMax] + "...";
}
