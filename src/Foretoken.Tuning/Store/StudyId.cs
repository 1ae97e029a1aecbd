namespace Foretoken.Tuning.Store;

/// <summary>Ids that people can read and type: the name in small letters, digits and dashes, and a number.</summary>
internal static class StudyId
{
    private const int StemMax = 40;

    /// <summary>The part before the number.</summary>
    public static string Stem(string name)
    {
        var stem = "";
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                stem += char.ToLowerInvariant(c);
            }
            else if (stem.Length > 0 && stem[^1] != '-')
            {
                stem += '-';
            }

            if (stem.Length == StemMax)
            {
                break;
            }
        }

        stem = stem.TrimEnd('-');
        return stem.Length == 0 ? "study" : stem;
    }
}
