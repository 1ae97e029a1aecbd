using System.Globalization;

namespace Foretoken.Hardware.Memory;

/// <summary>A release of an engine, as far as rules depend on it.</summary>
/// <param name="Major">First number.</param>
/// <param name="Minor">Second number.</param>
/// <param name="Patch">Third number.</param>
public sealed record EngineVersion(int Major, int Minor, int Patch)
{
    /// <summary>After every release: what the rules here were last read from.</summary>
    public static readonly EngineVersion Newest = new(int.MaxValue, 0, 0);

    /// <summary>Whether this is older than a release.</summary>
    public bool IsBefore(int major, int minor) => Major < major || (Major == major && Minor < minor);

    /// <summary>Whether this is older than a release.</summary>
    public bool IsBefore(int major, int minor, int patch) => (Major, Minor, Patch).CompareTo((major, minor, patch)) < 0;

    /// <summary>Whether this is older than another release.</summary>
    public bool IsBefore(EngineVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch)) < 0;

    /// <summary>
    /// Reads <c>0.11.0</c>, <c>v0.5.10.post1</c> or <c>1.2.0rc2</c>; what goes after the numbers is not looked at. Nothing,
    /// <c>newest</c>, <c>latest</c>, <c>main</c> and names of nightly or development builds are <see cref="Newest"/>. Null for anything else.
    /// </summary>
    public static EngineVersion? Parse(string text)
    {
        var word = text.Trim().ToLowerInvariant();
        if (word is "" or "newest" or "latest" or "main" || (!StartsWithNumber(word) && (word.Contains("nightly", StringComparison.Ordinal) || word.EndsWith("dev", StringComparison.Ordinal))))
        {
            return Newest;
        }

        var parts = word.TrimStart('v').Split('.');
        var numbers = new int[3];
        for (var i = 0; i < Math.Min(3, parts.Length); i++)
        {
            var digits = parts[i].TakeWhile(char.IsAsciiDigit).Count();
            if (digits == 0 || !int.TryParse(parts[i].AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return i == 2 && !char.IsAsciiDigit(parts[i].FirstOrDefault()) && parts[i].Length > 0 ? new EngineVersion(numbers[0], numbers[1], 0) : null;
            }
        }

        return parts.Length < 2 ? null : new EngineVersion(numbers[0], numbers[1], numbers[2]);
    }

    /// <inheritdoc />
    public override string ToString() => this == Newest ? "newest" : string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    private static bool StartsWithNumber(string word) => char.IsAsciiDigit(word.TrimStart('v').FirstOrDefault());
}
