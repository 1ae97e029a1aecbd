namespace Foretoken.Workloads.Traces;

/// <summary>Numbers workload classes from 1, in order of appearance; 0 stands for none.</summary>
internal sealed class ClassNames
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>The names; grows while rows are read.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Number of a class, a new one where the name is new.</summary>
    public int NumberOf(string? name)
    {
        if (name is null)
        {
            return 0;
        }

        if (!_numbers.TryGetValue(name, out var number))
        {
            number = _numbers.Count + 1;
            _numbers.Add(name, number);
            _names.Add(name);
        }

        return number;
    }
}
