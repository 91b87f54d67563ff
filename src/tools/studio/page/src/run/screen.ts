import { useEffect, useState } from 'preact/hooks';

const wide = matchMedia('(min-width: 900px)');

/** Whether there is room for the details beside a view. */
export function useWide(): boolean {
  const [isWide, setWide] = useState(wide.matches);
  useEffect(() => {
    const follow = () => setWide(wide.matches);
    wide.addEventListener('change', follow);
    return () => wide.removeEventListener('change', follow);
  }, []);
  return isWide;
}
