namespace Foretoken.Twin.Scenarios.Fields;

/// <summary>Finds where a key belongs when it was written in the wrong place.</summary>
internal static class FieldIndex
{
    /// <summary>The path of the first field with this very name anywhere below <paramref name="root"/>, or null.</summary>
    public static string? PathOf(string key, Section? root) => root is null ? null : Search(root, key, "");

    private static string? Search(Section section, string key, string path)
    {
        foreach (var field in section.AllFields)
        {
            var at = Bound.Join(path, field.Name);
            if (field.Answers(key) && path.Length > 0)
            {
                return at;
            }

            if (Inner(field.Type) is { } inner && Search(inner, key, at) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static Section? Inner(FieldType type) => type switch
    {
        SectionType section => section.Section,
        IListType list => Inner(list.Inner),
        _ => null,
    };
}
