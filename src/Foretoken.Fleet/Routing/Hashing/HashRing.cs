namespace Foretoken.Fleet.Routing.Hashing;

/// <summary>
/// Workers on a ring of 64-bit hashes, each at many points, so that one that comes or goes moves only its own share of keys.
/// </summary>
internal sealed class HashRing
{
    /// <summary>Points per worker (SGLang gateway's hash_ring.rs has as many).</summary>
    public const int PointsPerWorker = 150;

    private (ulong Hash, int Worker)[] _points = [];
    private int _version = -1;

    /// <summary>Number of points.</summary>
    public int Count => _points.Length;

    /// <summary>Takes the candidates over if they changed.</summary>
    public void Follow(in RouterView view)
    {
        if (_version == view.WorkersVersion && _points.Length == view.Workers.Length * PointsPerWorker)
        {
            return;
        }

        _version = view.WorkersVersion;
        _points = new (ulong, int)[view.Workers.Length * PointsPerWorker];
        var next = 0;
        foreach (var worker in view.Workers)
        {
            for (var i = 0; i < PointsPerWorker; i++)
            {
                _points[next++] = (StableHash.Of(StableHash.Of(5, (ulong)worker), (ulong)i), worker);
            }
        }

        Array.Sort(_points);
    }

    /// <summary>Position of the first point at or after a key, going round.</summary>
    public int Find(ulong key)
    {
        var low = 0;
        var high = _points.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_points[middle].Hash < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == _points.Length ? 0 : low;
    }

    /// <summary>The worker at a position; positions go round.</summary>
    public int At(int position) => _points[position % _points.Length].Worker;

    /// <summary>
    /// The first worker from a key's position onwards whose load stays within the bound: load at most
    /// (total + 1) / workers x factor. When there is none, the one with the smallest load.
    /// </summary>
    public int Bounded(in RouterView view, ulong key, double factor)
    {
        long total = 0;
        foreach (var worker in view.Workers)
        {
            total += view.RequestsInFlight[worker];
        }

        var bound = (total + 1) / (double)view.Workers.Length * factor;
        var start = Find(key);
        for (var i = 0; i < _points.Length; i++)
        {
            var worker = At(start + i);
            if (view.RequestsInFlight[worker] <= bound)
            {
                return worker;
            }
        }

        return Simple.LeastLoad.First(view.Workers, view.RequestsInFlight);
    }
}
