namespace Foretoken.Tuning.Search;

/// <summary>Points by their choices: equality and hash (FNV-1a, the same in every process) for sets, lexicographic order for sorting.</summary>
public sealed class PointComparer : IEqualityComparer<int[]>, IComparer<int[]>
{
    private PointComparer()
    {
    }

    /// <summary>The only one.</summary>
    public static PointComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    /// <inheritdoc/>
    public int GetHashCode(int[] obj)
    {
        unchecked
        {
            var hash = 2166136261u;
            foreach (var choice in obj)
            {
                hash = (hash ^ (uint)choice) * 16777619u;
            }

            return (int)hash;
        }
    }

    /// <inheritdoc/>
    public int Compare(int[]? x, int[]? y) => x.AsSpan().SequenceCompareTo(y);
}
